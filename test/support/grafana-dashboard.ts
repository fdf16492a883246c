import type { Dashboard, Panel, RowPanel } from "@grafana/schema";
import type { Options as Stat } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type { Options as TimeSeries } from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

/** T as JSON has it: values of enumerations as text. */
type Json<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
type PanelOf<Type extends string, Options> = Omit<Panel, "type" | "options"> & {
  type: Type;
  options: Partial<Options>;
};
type Panels = (PanelOf<"stat", Stat> | PanelOf<"timeseries", TimeSeries> | RowPanel)[];

/** A dashboard of Grafana with panels of the kinds that ours has. */
export type DashboardJson = Json<Omit<Dashboard, "panels"> & { panels: Panels }>;

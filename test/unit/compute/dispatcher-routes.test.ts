import { expect, test } from "vitest";
import { kamailioLocal } from "../../../src/compute/host/kamailio-local.js";
import { hostTemplates } from "../../../src/do/assets.js";
import { fleetOf } from "../../support/fleets.js";

const recorders = {
  plain: { private_ip_address: "10.0.0.3", siprec_set: 3 },
  heavy: { private_ip_address: "10.0.0.4", siprec_set: 2, siprec_attrs: "weight=3" },
};

test.each([
  [{ disp_set: "3,2" }, "3=4;2=11"],
  [{ disp_set: "2,3", disp_alg: 8 }, "2=8;3=8"],
])("each set has the algorithm that suits its recorders: %o is %s", (settings, routes) => {
  const fleet = fleetOf({ settings, recorders });
  const [host] = fleet.hosts;
  if (!host) expect.fail();
  const local = kamailioLocal(fleet, host, hostTemplates().kamailioLocal);
  expect(local).toContain(`#!define DISP_ROUTES "${routes}"`);
});

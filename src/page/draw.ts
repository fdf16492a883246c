import { html, nothing, render, svg, type TemplateResult } from "lit-html";
import type { ProxyView, RecorderView, View } from "../compute/operate/view.js";

/** Shows a view. `fault`: why there is no newer one. */
export function draw(view: View | undefined, fault: string | undefined): void {
  const place = document.getElementById("fleet");
  if (place === null) return;
  render(
    view === undefined
      ? html`<p class=${fault === undefined ? "note" : "fault"}>${fault ?? "Querying the hosts …"}</p>`
      : page(view, fault),
    place,
  );
  if (view !== undefined) drawLines(view);
}

function page(view: View, fault: string | undefined): TemplateResult {
  const up = view.proxies.reduce((sum, { calls }) => sum + (calls ?? 0), 0);
  return html`
    <header>
      <h1>${view.fleet}</h1>
      <p class="note">${plural(up, "call")} · ${new Date(view.at).toLocaleTimeString()}</p>
    </header>
    ${fault === undefined ? nothing : html`<p class="fault" role="alert">${fault}</p>`} ${roll(view)}
    <div class="picture">
      <svg class="lines" aria-hidden="true"></svg>
      <section>
        <h2>Platforms</h2>
        ${view.platforms.map(
          ({ id, name, calls }) =>
            html`<article data-id=${id}>
              <h3>${name}</h3>
              <p>${plural(calls, "call")}</p>
            </article>`,
        )}
        ${view.platforms.length === 0 ? html`<p class="note">no calls</p>` : nothing}
      </section>
      <section>
        <h2>Proxies</h2>
        ${view.proxies.map(proxy)}
      </section>
      <section>
        <h2>Recorders</h2>
        ${view.recorders.map(recorder)}
      </section>
    </div>
    ${refusals(view)}
  `;
}

function proxy(its: ProxyView): TemplateResult {
  const { id, name, state, why, calls, limit, image, packagesAt } = its;
  const taken = `${calls ?? "?"}${limit === null ? "" : ` of ${limit}`} calls`;
  return html`<article data-id=${id} data-state=${state}>
    <h3>${name} <span class="state">${state}</span></h3>
    ${why === null ? html`<p>${taken}</p>` : html`<p class="fault">${why}</p>`}
    ${
      limit === null || calls === null
        ? nothing
        : html`<meter
            min="0"
            max=${limit}
            high=${limit * 0.9}
            value=${calls}
            aria-label="calls of the limit"
          ></meter>`
    }
    ${image === null ? nothing : html`<p class="note">${image}</p>`}
    ${packagesAt === null ? nothing : html`<p class="note">packages from ${age(packagesAt)}</p>`}
  </article>`;
}

function recorder({ id, name, destination, state, calls, seen }: RecorderView): TemplateResult {
  const differ = new Set(seen.map(({ flags }) => flags)).size > 1;
  return html`<article data-id=${id} data-state=${state}>
    <h3>${name} <span class="state">${state}</span></h3>
    <p>${plural(calls, "call")}</p>
    <p class="note">${destination}</p>
    ${
      differ
        ? html`<ul>
            ${seen.map(({ proxy, flags, meaning }) => html`<li>${proxy}: ${flags}, ${meaning}</li>`)}
          </ul>`
        : nothing
    }
  </article>`;
}

function roll({ mixed }: View) {
  if (mixed === null) return nothing;
  const of = mixed.hosts.length + mixed.others.length;
  return html`<p class="roll" role="status">
    ${mixed.hosts.length} of ${of} hosts run the newest image, ${mixed.newest}; not yet:
    ${mixed.others.join(", ")}
  </p>`;
}

function refusals({ proxies }: View) {
  const rows = proxies.flatMap(({ name, refused }) => refused.map((its) => ({ name, ...its })));
  if (rows.length === 0) return nothing;
  return html`<h2>Refused requests</h2>
    <table>
      <tr>
        <th>host</th>
        <th>reason</th>
        <th>last minute</th>
        <th>since start</th>
      </tr>
      ${rows.map(
        ({ name, reason, lately, total }) =>
          html`<tr class=${lately > 0 ? "lately" : ""}>
            <td>${name}</td>
            <td>${reason.replaceAll("_", " ")}</td>
            <td>${lately}</td>
            <td>${total}</td>
          </tr>`,
      )}
    </table>`;
}

/** Draws the lines between places; vertically if the sections are below each other, as on a phone. */
function drawLines(view: View): void {
  const picture = document.querySelector<HTMLElement>(".picture");
  const sheet = picture?.querySelector<SVGSVGElement>(".lines");
  if (!picture || !sheet) return;
  const places = new Map(
    [...picture.querySelectorAll<HTMLElement>("[data-id]")].map((place) => [place.dataset["id"], place]),
  );
  const origin = picture.getBoundingClientRect();
  const upright = getComputedStyle(picture).flexDirection === "column";
  const parts = view.lines.flatMap(({ from, to, calls }) => {
    const ends = [places.get(from), places.get(to)].map((place) => place?.getBoundingClientRect());
    const [a, b] = ends;
    if (!a || !b) return [];
    const start = upright
      ? { x: a.left + a.width / 2 - origin.left, y: a.bottom - origin.top }
      : { x: a.right - origin.left, y: a.top + a.height / 2 - origin.top };
    const end = upright
      ? { x: b.left + b.width / 2 - origin.left, y: b.top - origin.top }
      : { x: b.left - origin.left, y: b.top + b.height / 2 - origin.top };
    return [line(start, end, calls, upright)];
  });
  render(parts, sheet);
}

interface Point {
  x: number;
  y: number;
}

function line(a: Point, b: Point, calls: number, upright: boolean) {
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const path = upright
    ? `M${a.x},${a.y} C${a.x},${middle.y} ${b.x},${middle.y} ${b.x},${b.y}`
    : `M${a.x},${a.y} C${middle.x},${a.y} ${middle.x},${b.y} ${b.x},${b.y}`;
  // after the middle, where lines cross, and before the end, where they meet
  const [x, y] = upright ? [curve(a.x, b.x), straight(a.y, b.y)] : [straight(a.x, b.x), curve(a.y, b.y)];
  return svg`<path d=${path} stroke-width=${1 + Math.log2(1 + calls)} /><text x=${x} y=${y}>${calls}</text>`;
}

/** The position of the number on a line: at this fraction of the cubic curve. */
const PART = 0.7;

function straight(from: number, to: number): number {
  const middle = (from + to) / 2;
  return bezier(from, middle, middle, to);
}

function curve(from: number, to: number): number {
  return bezier(from, from, to, to);
}

function bezier(a: number, b: number, c: number, d: number): number {
  const [t, u] = [PART, 1 - PART];
  return u ** 3 * a + 3 * u ** 2 * t * b + 3 * u * t ** 2 * c + t ** 3 * d;
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

const DAY = 86_400_000;

function age(at: number): string {
  const days = Math.floor((Date.now() - at) / DAY);
  return days < 1 ? "today" : `${plural(days, "day")} ago`;
}

import type { View } from "../compute/operate/view.js";
import { draw } from "./draw.js";

/** Milliseconds between two queries, and for an answer. */
const PAUSE = 2_000;
const PATIENCE = 15_000;

const token = location.hash.slice(1);
let view: View | undefined;

/** Queries, shows the result, and repeats. A hidden page does not query. */
async function goOn(): Promise<void> {
  if (!document.hidden) {
    let fault: string | undefined;
    try {
      view = await ask();
    } catch (error) {
      fault =
        error instanceof TypeError
          ? "sip-proxy dashboard does not answer: start it again"
          : String((error as Error).message);
    }
    draw(view, fault);
  }
  setTimeout(() => void goOn(), PAUSE);
}

async function ask(): Promise<View> {
  const answer = await fetch("/state", {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return (await answer.json()) as View;
}

// places move, so their lines must be drawn again
addEventListener("resize", () => draw(view, undefined));
document.addEventListener("visibilitychange", () => draw(view, undefined));
draw(view, undefined);
void goOn();

/** More threads than this hardly help. */
const MOST = 8;

/** How many threads can compute in a page that is isolated. They fail on iOS. Workers do not know whether there is touch. */
export function threads() {
  const { userAgent, maxTouchPoints, hardwareConcurrency } = navigator;
  const apple = /iPad|iPhone|iPod/.test(userAgent) || (userAgent.includes("Mac") && maxTouchPoints > 1);
  return apple ? 1 : Math.min(MOST, hardwareConcurrency);
}

/** The buttons and keys of the preview: what each says is told to the command, which answers with what it paints. */

const title = document.getElementById("title");
const buttons = [...document.querySelectorAll("[data-key]")];

async function press(key) {
  try {
    const answer = await fetch(`press?key=${encodeURIComponent(key)}`, { method: "POST" });
    title.textContent = answer.ok ? await answer.text() : `The command refused this (${answer.status}).`;
  } catch {
    title.textContent = "The command has ended.";
  }
}

for (const button of buttons) button.addEventListener("click", () => press(button.dataset.key));
document.addEventListener("keydown", (event) => {
  const key = event.key === "=" ? "+" : event.key.toLowerCase();
  const known = buttons.some((button) => button.dataset.key === key);
  if (known && !(event.ctrlKey || event.metaKey || event.altKey)) press(key);
});
press("");

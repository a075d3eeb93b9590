// Runs before the first paint: takes over the theme chosen on this device
// ("light" or "dark"; anything else means the system's), so nothing flashes, and fetches the
// texts of the language beside the program that shows them.
const chosen = localStorage.getItem("causerie.theme");
if (chosen === "light" || chosen === "dark") {
  document.documentElement.dataset.theme = chosen;
  const surface = chosen === "dark" ? "#151920" : "#FFFFFF";
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    meta.content = surface;
  }
}

const texts = Object.fromEntries(
  document.querySelector('meta[name="texts"]').content.split(" ").map((entry) => entry.split("=")),
);
const language = (localStorage.getItem("causerie.lang") ?? navigator.language).split("-")[0].toLowerCase();
const preload = Object.assign(document.createElement("link"), {
  rel: "preload",
  as: "fetch",
  crossOrigin: "anonymous",
  href: texts[language] ?? texts.en,
});
document.head.append(preload);

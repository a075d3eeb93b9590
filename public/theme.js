// Runs before the first paint. Applies the theme chosen on this device ("light" or "dark"; any other value means the
// system's) to avoid a flash, and fetches the texts of the language in parallel to the program.
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

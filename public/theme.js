// Runs before the first paint: takes over the theme chosen on this device
// ("light" or "dark"; anything else means the system's), so nothing flashes.
const chosen = localStorage.getItem("causerie.theme");
if (chosen === "light" || chosen === "dark") {
  document.documentElement.dataset.theme = chosen;
  const surface = chosen === "dark" ? "#151920" : "#FFFFFF";
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    meta.content = surface;
  }
}

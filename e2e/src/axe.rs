//! The accessibility checker axe-core, run inside a page (`docs/ux.md#how-it-is-tested`).

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::Page;

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../target/tools/axe/node_modules/axe-core/axe.min.js"
);

static SOURCE: LazyLock<String> = LazyLock::new(|| {
    std::fs::read_to_string(PATH).expect("axe-core is in target/tools/axe: run scripts/packages.sh first")
});

const RUN: &str = "const [options, done] = arguments;
    const told = ({ id, help, nodes }) => nodes.map(({ target, failureSummary }) =>
        `${id}: ${help}: ${target.join(' ')}: ${failureSummary?.split('\\n')[1]?.trim()}`);
    const fades = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime < Infinity);
    // What is half faded in has less contrast than what can be read.
    Promise.allSettled(fades.map(({ finished }) => finished)).then(() => axe.run(document, options)).then(
        ({ violations, passes }) => done(passes.length ? violations.flatMap(told) : ['axe looked at nothing']),
        (error) => done([`axe failed: ${error}`]))";

/// Checks the page as it is now against WCAG 2.2, levels A and AA. Returns each violation's rule, description and
/// element.
pub async fn violations(page: &Page) -> Vec<String> {
    let loaded: bool = page.script("return typeof axe === 'object'", vec![]).await;
    if !loaded {
        // The driver runs the source, so the page's content security policy can stay strict.
        let _: Value = page.script(&format!("{}; return null", *SOURCE), vec![]).await;
    }
    let options = json!({
        "runOnly": { "type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
        "resultTypes": ["violations"],
        "iframes": false,
    });
    page.promise(RUN, vec![options]).await
}

//! The console's rooms.

use super::House;

pub const HOUSE: House = House {
    sources: "app/src",
    rooms: &[
        ("program", &["lib", "main", "app"]),
        ("shell", &["inbox", "pages"]),
        (
            "outside",
            &["pages::accept", "pages::outside", "pages::setup", "pages::sign"],
        ),
        ("actions", &["actions"]),
        ("navigation", &["navigation"]),
        ("chat", &["chat"]),
        ("profile", &["profile"]),
        ("settings", &["settings"]),
        ("ui", &["ui"]),
        ("hooks", &["hooks"]),
        ("i18n", &["i18n", "format"]),
        ("store", &["store"]),
        ("core", &["store::core", "store::view"]),
        ("net", &["net"]),
        ("part", &["part"]),
    ],
    floors: &[
        &["part"],
        &["net"],
        &["core"],
        &["store"],
        &["i18n"],
        &["hooks"],
        &["navigation"],
        &["ui"],
        &["actions", "outside"],
        &["chat", "profile", "settings"],
        &["shell"],
        &["program"],
    ],
    neighbours: 0,
    given: &[],
    arrows: &[],
};

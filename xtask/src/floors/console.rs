//! The console's rooms.

use super::House;

pub const HOUSE: House = House {
    sources: "app/src",
    rooms: &[
        ("program", &["lib", "main", "app"]),
        ("shell", &["inbox", "pages"]),
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
        &["ui"],
        &["chat", "profile", "settings"],
        &["shell"],
        &["program"],
    ],
    neighbours: 0,
    given: &[],
    arrows: &[
        ("chat", "shell", 3),
        ("hooks", "ui", 1),
        ("net", "core", 3),
        ("profile", "shell", 3),
        ("settings", "shell", 8),
    ],
};

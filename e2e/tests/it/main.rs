//! The end-to-end tests in one program, with a module for each topic.

#![allow(
    clippy::disallowed_methods,
    reason = "measures and waits in real time, as a user does"
)]

/// Defines a test for each story and engine: in Chromium under its name, in the others under the same name in a module.
/// The others are built only with the feature `all-engines`, since they have not run often enough to be trusted.
macro_rules! in_every_engine {
    ($($name:ident => $story:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                $story(causerie_e2e::browser::Engine::Chromium).await;
            }
        )+

        #[cfg(feature = "all-engines")]
        mod in_firefox {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$story(causerie_e2e::browser::Engine::Firefox).await;
                }
            )+
        }

        #[cfg(feature = "all-engines")]
        mod in_webkit {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$story(causerie_e2e::browser::Engine::WebKit).await;
                }
            )+
        }
    };
}

mod account;
mod assign;
mod axe;
mod bad_input;
mod board;
mod burst;
mod channels;
mod crash;
mod discussion;
mod failures;
mod failures_access;
mod foreign;
mod inactivity;
mod keyboard;
mod notes_together;
mod offers;
mod offline;
mod parts;
mod person;
mod phone;
mod presence;
mod privacy;
mod proxy;
mod push;
mod race;
mod restarts;
mod round_trip;
mod settings;
mod simulation;
mod style_tokens;
mod transfer;
mod tunnel;
mod undo;

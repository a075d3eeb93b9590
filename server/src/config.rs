//! Configuration from the environment, then `causerie.toml`. The start checks all of it and reports every error.

mod network;
pub mod origin;
mod source;

pub use network::Network;
use source::Source;

use std::{
    env, fmt, io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use tracing_subscriber::filter::EnvFilter;

/// The optional configuration file in the working directory.
const FILE: &str = "causerie.toml";

/// Names of the settings in the file. In the environment they are upper case and begin with `CAUSERIE_`.
const NAMES: [&str; 13] = [
    "listen",
    "database_url",
    "data",
    "files_url",
    "public_url",
    "trusted_proxies",
    "origins",
    "widget_origins",
    "allowed_hosts",
    "demo",
    "test_api",
    "log",
    "log_format",
];

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line per event.
    Text,
    /// One JSON object per line.
    Json,
}

/// The settings of a server, fixed at its start.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub database_url: String,
    /// Folder for files and keys.
    pub data: PathBuf,
    /// The bucket for files, as `s3://bucket/folder`. Without it, files are in the data folder.
    pub files_url: Option<String>,
    /// The address that browsers and providers use: scheme, host and port. It is also the console's origin.
    pub public_url: String,
    /// Peers whose `X-Forwarded-For` header is trusted.
    pub trusted_proxies: Vec<Network>,
    /// Additional origins from which the console may be used.
    pub origins: Vec<String>,
    /// Origins of the pages that may embed the widget that the set-up creates.
    pub widget_origins: Vec<String>,
    /// Hosts that this server may contact although their address is private.
    pub allowed_hosts: Vec<String>,
    /// Whether to fill an empty database with a demo workspace and serve its web page.
    pub demo: bool,
    /// Whether to serve additional routes for external tests. Requires the feature `test-api`, and `listen` and
    /// `public_url` on a loopback address.
    pub test_api: bool,
    /// Filter of log lines, e.g. `info` or `causerie_server=debug`.
    pub log: String,
    pub log_format: LogFormat,
}

/// One error in the configuration, as a sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the environment, and `causerie.toml` for settings that the environment does not have.
    ///
    /// # Errors
    /// Returns every error, not only the first.
    pub fn load() -> Result<Self, Vec<ConfigError>> {
        let file = match std::fs::read_to_string(FILE) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(vec![ConfigError(format!("{FILE} cannot be read: {error}."))]),
        };
        Self::read(&|name| env::var(name).ok(), file.as_deref())
    }

    /// Returns a configuration for tests, with the database and the files in `folder`.
    pub fn for_test(folder: &Path) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database_url: format!("sqlite://{}", folder.join("causerie.db").display()),
            data: folder.to_owned(),
            files_url: None,
            public_url: "http://127.0.0.1:8080".into(),
            trusted_proxies: Vec::new(),
            origins: Vec::new(),
            widget_origins: Vec::new(),
            allowed_hosts: vec!["127.0.0.1".into()],
            demo: false,
            test_api: false,
            log: "warn".into(),
            log_format: LogFormat::Text,
        }
    }

    /// Whether browsers reach this server over HTTPS; cookies are then marked `Secure`.
    pub fn secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Whether `address` belongs to a trusted proxy.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }

    /// Returns the origins from which the console may be used: the public one, its other name on a loopback address
    /// (`localhost` for `127.0.0.1` and vice versa), and the configured ones.
    pub fn allowed_origins(&self) -> impl Iterator<Item = String> {
        let own = std::iter::once(self.public_url.clone());
        own.chain(origin::loopback_twin(&self.public_url))
            .chain(self.origins.iter().cloned())
    }

    /// Returns the origin of the demo's web page. On a loopback address it differs from the console's origin, as in
    /// production.
    pub fn demo_origin(&self) -> String {
        origin::loopback_twin(&self.public_url).unwrap_or_else(|| self.public_url.clone())
    }

    fn read(env: &dyn Fn(&str) -> Option<String>, file: Option<&str>) -> Result<Self, Vec<ConfigError>> {
        let mut source = Source::new(env, file);

        let listen = source.parsed(
            "listen",
            SocketAddr::from(([127, 0, 0, 1], 8080)),
            "an address and a port such as 127.0.0.1:8080",
        );
        if listen.port() == 0 {
            source.error("listen", "must name a port");
        }
        let database_url = source
            .text_of(&["CAUSERIE_DATABASE_URL", "DATABASE_URL"], "database_url")
            .unwrap_or_else(|| "sqlite://data/causerie.db".into());
        if !["sqlite:", "postgres:", "postgresql:"]
            .iter()
            .any(|scheme| database_url.starts_with(scheme))
        {
            // The message does not repeat the address, which may contain a password.
            source.error("database_url", "must begin with sqlite: or postgres:");
        }
        let data = source.text("data").unwrap_or_else(|| "data".into());
        let files_url = source.text("files_url");
        if files_url.as_ref().is_some_and(|url| !is_bucket(url)) {
            source.error("files_url", "must name a bucket, such as s3://bucket/folder");
        }
        let public_url = source.public_url(listen);
        let trusted_proxies = source.list(
            "trusted_proxies",
            "an IP address or a network such as 10.0.0.0/8",
            |text| text.parse().ok(),
        );
        let origins = source.list("origins", "an origin such as https://chat.example.org", origin::parse);
        let widget_origins = source.list(
            "widget_origins",
            "an origin such as https://www.example.org",
            origin::parse,
        );
        let mut allowed_hosts = source.list("allowed_hosts", "a host name or an address", |text| {
            let whole = !text.contains(['/', '@', ' ']);
            whole.then(|| text.to_lowercase())
        });
        let demo = source.switch("demo");
        let test_api = source.switch("test_api");
        if test_api {
            check_test_api(&mut source, listen, &public_url);
            // Tests run fake providers on this machine.
            allowed_hosts.extend(["127.0.0.1".to_owned(), "localhost".to_owned()]);
        }
        let log = source.text("log").unwrap_or_else(|| "info".into());
        if EnvFilter::try_new(&log).is_err() {
            source.error("log", "is not a log filter; write a level such as info");
        }
        let log_format = source.log_format();

        check_https(&mut source, listen, &public_url, !trusted_proxies.is_empty());

        source.finish()?;
        let data = PathBuf::from(data);
        Ok(Self {
            listen,
            database_url,
            data,
            files_url,
            public_url,
            trusted_proxies,
            origins,
            widget_origins,
            allowed_hosts,
            demo,
            test_api,
            log,
            log_format,
        })
    }
}

/// Reports what forbids the addresses for tests: they need no sign-in, so they must not be reachable from elsewhere.
fn check_test_api(source: &mut Source<'_>, listen: SocketAddr, public_url: &str) {
    if !cfg!(feature = "test-api") {
        source.error(
            "test_api",
            "is 1, but this build has no addresses for tests; `make acceptance` builds a server that has them",
        );
    }
    if !listen.ip().is_loopback() {
        source.error("test_api", "is 1, so `listen` must be a loopback address");
    }
    if !public_url.is_empty() && !origin::is_loopback(public_url) {
        source.error(
            "test_api",
            "is 1, so `public_url` must be on a loopback address: whoever reaches the addresses for tests can \
             read and delete everything",
        );
    }
}

/// Reports an address that is neither HTTPS nor on this machine. `proxied`: trusted proxies are configured.
fn check_https(source: &mut Source<'_>, listen: SocketAddr, public_url: &str, proxied: bool) {
    let behind_proxy = proxied && public_url.starts_with("https://");
    if !listen.ip().is_loopback() && !behind_proxy {
        source.error(
            "listen",
            "is not a loopback address; HTTPS or loopback only: let a proxy that speaks HTTPS stand in front, \
             give its address in CAUSERIE_TRUSTED_PROXIES and the https:// address in CAUSERIE_PUBLIC_URL",
        );
    } else if !public_url.is_empty() && !public_url.starts_with("https://") && !origin::is_loopback(public_url) {
        source.error("public_url", "must begin with https:// (HTTPS or loopback only)");
    }
}

fn is_bucket(url: &str) -> bool {
    url.strip_prefix("s3://")
        .is_some_and(|rest| !rest.starts_with('/') && !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(env: &[(&str, &str)], file: &str) -> Result<Config, Vec<String>> {
        let env = |name: &str| {
            env.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Config::read(&env, Some(file)).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn without_anything_it_runs_on_this_machine_only() {
        let config = read(&[], "").unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
        assert_eq!(config.database_url, "sqlite://data/causerie.db");
        assert_eq!(config.data, PathBuf::from("data"));
        assert_eq!(config.files_url, None);
        assert!(!config.demo);
        let origins: Vec<_> = config.allowed_origins().collect();
        assert_eq!(origins, ["http://127.0.0.1:8080", "http://localhost:8080"]);
    }

    #[test]
    fn files_lie_in_a_bucket_only() {
        let bucket = |url: &str| read(&[("CAUSERIE_FILES_URL", url)], "").map(|config| config.files_url);
        assert_eq!(bucket("s3://company/chat"), Ok(Some("s3://company/chat".into())));
        let in_file = read(&[], "files_url = 's3://company/chat'").map(|config| config.files_url);
        assert_eq!(in_file, Ok(Some("s3://company/chat".into())));
        for wrong in ["company", "https://company", "s3://", "s3:///chat"] {
            assert!(bucket(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = "listen = '127.0.0.1:9000'\ndemo = true\ntrusted_proxies = ['10.0.0.0/8', '::1']";
        let config = read(
            &[
                ("CAUSERIE_LISTEN", "127.0.0.1:9001"),
                ("DATABASE_URL", "postgres://db/chat"),
            ],
            file,
        )
        .unwrap();
        assert_eq!(config.listen.port(), 9001);
        assert_eq!(config.database_url, "postgres://db/chat");
        assert!(config.demo);
        assert!(config.trusts("10.1.2.3".parse().unwrap()) && config.trusts("::1".parse().unwrap()));
        assert!(!config.trusts("11.1.2.3".parse().unwrap()));
    }

    #[cfg(feature = "test-api")]
    #[test]
    fn addresses_for_tests_are_on_loopback_only() {
        let on = ("CAUSERIE_TEST_API", "1");
        let public = ("CAUSERIE_PUBLIC_URL", "https://chat.example.org");
        let proxy = ("CAUSERIE_TRUSTED_PROXIES", "127.0.0.1");
        assert!(read(&[on], "").unwrap().test_api);
        assert!(read(&[on, ("CAUSERIE_PUBLIC_URL", "http://localhost:9000")], "").is_ok());
        for (wrong, what) in [
            (vec![on, public, proxy], "public_url"),
            (vec![on, public, proxy, ("CAUSERIE_LISTEN", "0.0.0.0:80")], "listen"),
        ] {
            let errors = read(&wrong, "").unwrap_err();
            assert!(
                errors
                    .iter()
                    .any(|error| error.contains("TEST_API") && error.contains(what)),
                "{errors:?}"
            );
        }
    }

    #[cfg(not(feature = "test-api"))]
    #[test]
    fn a_build_without_addresses_for_tests_says_how_to_get_them() {
        let errors = read(&[("CAUSERIE_TEST_API", "1")], "").unwrap_err();
        assert!(errors.len() == 1 && errors[0].contains("make acceptance"), "{errors:?}");
    }

    #[test]
    fn every_error_is_named_at_once() {
        let errors = read(
            &[
                ("CAUSERIE_LISTEN", "somewhere"),
                ("CAUSERIE_DATABASE_URL", "mysql://user:secret@db"),
                ("CAUSERIE_PUBLIC_URL", "https://chat.example.org/path"),
                ("CAUSERIE_TRUSTED_PROXIES", "10.0.0.1, nobody"),
                ("CAUSERIE_ORIGINS", "chat.example.org"),
                ("CAUSERIE_DEMO", "maybe"),
                ("CAUSERIE_LOG", "=,="),
                ("CAUSERIE_LOG_FORMAT", "xml"),
            ],
            "colour = 'green'",
        )
        .unwrap_err();
        for name in [
            "colour",
            "LISTEN",
            "DATABASE_URL",
            "PUBLIC_URL",
            "TRUSTED_PROXIES",
            "ORIGINS",
            "DEMO",
            "LOG ",
            "LOG_FORMAT",
        ] {
            assert_eq!(
                errors.iter().filter(|error| error.contains(name)).count(),
                1,
                "{name} in {errors:#?}"
            );
        }
        assert!(
            errors.iter().all(|error| !error.contains("secret")),
            "a password was shown"
        );
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for wrong in [
            [
                ("CAUSERIE_LISTEN", "0.0.0.0:8080"),
                ("CAUSERIE_PUBLIC_URL", "http://chat.example.org"),
            ],
            [
                ("CAUSERIE_LISTEN", "0.0.0.0:8080"),
                ("CAUSERIE_PUBLIC_URL", "https://chat.example.org"),
            ],
            [
                ("CAUSERIE_LISTEN", "127.0.0.1:8080"),
                ("CAUSERIE_PUBLIC_URL", "http://chat.example.org"),
            ],
        ] {
            let errors = read(&wrong, "").unwrap_err();
            assert!(
                errors.len() == 1 && errors[0].contains("HTTPS or loopback only"),
                "{errors:?}"
            );
        }
        let behind = [
            ("CAUSERIE_LISTEN", "0.0.0.0:80"),
            ("CAUSERIE_PUBLIC_URL", "https://chat.example.org"),
            ("CAUSERIE_TRUSTED_PROXIES", "10.0.0.1"),
        ];
        assert!(read(&behind, "").unwrap().secure());
    }
}

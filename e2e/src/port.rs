//! Ports of this machine that stay reserved.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use tokio::net::TcpSocket;

/// A port on 127.0.0.1 that no other process is given as long as this lives, even while nothing listens on it. A server
/// that is stopped for a while finds it again, however many browsers choose ports meanwhile.
///
/// Its socket is bound and never listens, so connections are refused until a listener is bound beside it.
pub struct Port {
    number: u16,
    _held: TcpSocket,
}

impl Port {
    /// Reserves a free port.
    ///
    /// # Panics
    /// Panics if there is no free port.
    pub fn take() -> Self {
        let held = TcpSocket::new_v4().expect("a socket");
        // Servers on Unix set the option too, so they can listen on the port later.
        held.set_reuseaddr(true).expect("a socket's option");
        held.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .expect("a free port");
        let number = held.local_addr().expect("the port").port();
        Self { number, _held: held }
    }

    pub fn number(&self) -> u16 {
        self.number
    }

    /// Listens on the port. Only one listener at a time can do so.
    ///
    /// # Panics
    /// Panics if another listener exists.
    pub fn listen(&self) -> TcpListener {
        TcpListener::bind((Ipv4Addr::LOCALHOST, self.number)).expect("nobody listens here yet")
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_port_stays_ours_between_two_listeners() {
        let port = Port::take();
        for _ in 0..3 {
            let refused = TcpStream::connect((Ipv4Addr::LOCALHOST, port.number()));
            assert!(refused.is_err(), "somebody listens");
            let listener = port.listen();
            TcpStream::connect((Ipv4Addr::LOCALHOST, port.number())).expect("a connection");
            drop(listener);
        }
        let others: Vec<Port> = (0..200).map(|_| Port::take()).collect();
        assert!(others.iter().all(|other| other.number() != port.number()));
    }
}

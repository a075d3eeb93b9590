//! One connection with a lane in each direction. Bytes of a lane may be dropped, delayed or cut off.

use std::{
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{Notify, mpsc, watch},
    time::{Instant, sleep_until},
};

use super::Way;

/// The number of bytes read at once.
const CHUNK: usize = 16 * 1024;

/// The settings of one direction of a connection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lane {
    pub(super) delay: Duration,
    /// Whether bytes are held back until the lane is healed.
    pub(super) held: bool,
    /// Whether bytes are read and dropped. Not even the end of the stream gets through.
    pub(super) swallows: bool,
    /// The number of bytes that may pass before the connection ends.
    pub(super) left: Option<usize>,
    /// The number of dropped bytes.
    pub(super) lost: usize,
}

/// Why a connection ended although neither side closed it.
enum Break {
    /// A close after the bytes that were allowed to pass.
    Cut,
    Reset,
}

/// Forwards the bytes of one connection.
pub(super) struct Carrier {
    lanes: Mutex<[Lane; 2]>,
    ended: watch::Sender<bool>,
    healed: Notify,
}

impl Carrier {
    pub(super) fn new(lanes: [Lane; 2]) -> Self {
        Self {
            lanes: Mutex::new(lanes),
            ended: watch::Sender::new(false),
            healed: Notify::new(),
        }
    }

    fn lanes(&self) -> MutexGuard<'_, [Lane; 2]> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lane(&self, way: Way, mut change: impl FnMut(&mut Lane)) {
        change(&mut self.lanes()[way as usize]);
    }

    /// Resets the connection.
    pub(super) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Lets everything pass again. A connection that drops bytes is reset instead, since its stream has gaps.
    pub(super) fn heal(&self) {
        let mut lanes = self.lanes();
        if lanes.iter().any(|lane| lane.swallows) {
            self.end();
        }
        *lanes = [Lane::default(); 2];
        self.healed.notify_waiters();
    }

    /// Forwards bytes until one side closes the connection or a fault ends it.
    pub(super) async fn carry(&self, mut client: TcpStream, target: u16) {
        let mut ended = self.ended.subscribe();
        let broken_off = async move {
            // `self` owns the sender, so this waits until the connection is ended.
            drop(ended.wait_for(|ended| *ended).await);
            Break::Reset
        };
        tokio::pin!(broken_off);
        if self.lanes()[Way::Up as usize].swallows {
            // A connection that drops everything needs no server.
            tokio::select! {
                _ = self.swallow(&mut client) => {}
                _ = &mut broken_off => {}
            }
            reset(&client);
            return;
        }
        let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await else {
            reset(&client);
            return;
        };
        let how = {
            let (client_reads, client_writes) = client.split();
            let (server_reads, server_writes) = server.split();
            let both = async {
                let up = self.pump(Way::Up, client_reads, server_writes);
                let down = self.pump(Way::Down, server_reads, client_writes);
                tokio::try_join!(up, down).map(|_| ())
            };
            tokio::select! {
                done = both => done,
                how = &mut broken_off => Err(how),
            }
        };
        match how {
            Err(Break::Reset) => {
                reset(&client);
                reset(&server);
            }
            Ok(()) | Err(Break::Cut) => {}
        }
    }

    async fn swallow(&self, client: &mut TcpStream) -> Infallible {
        let mut bytes = vec![0; CHUNK];
        loop {
            match client.read(&mut bytes).await {
                Ok(read @ 1..) => self.lane(Way::Up, |lane| lane.lost += read),
                Ok(0) | Err(_) => std::future::pending().await,
            }
        }
    }

    /// Moves bytes in one direction until the stream ends.
    async fn pump(&self, way: Way, from: ReadHalf<'_>, to: WriteHalf<'_>) -> Result<(), Break> {
        let (road, late) = mpsc::unbounded_channel();
        tokio::try_join!(self.read(way, from, road), self.write(way, to, late)).map(|_| ())
    }

    /// Reads bytes into the channel `road`, with the time at which they may arrive.
    async fn read(
        &self,
        way: Way,
        mut from: ReadHalf<'_>,
        road: mpsc::UnboundedSender<(Instant, Vec<u8>)>,
    ) -> Result<(), Break> {
        let mut bytes = vec![0; CHUNK];
        loop {
            let read = from.read(&mut bytes).await;
            let lane = self.lanes()[way as usize];
            match read {
                Ok(read @ 1..) if lane.swallows => self.lane(way, |lane| lane.lost += read),
                Ok(0) | Err(_) if lane.swallows => std::future::pending().await,
                // The writer sees the end after it has written all that is in the channel.
                Ok(0) => return Ok(()),
                Ok(read) => {
                    if road
                        .send((Instant::now() + lane.delay, bytes[..read].to_vec()))
                        .is_err()
                    {
                        return Ok(());
                    }
                }
                Err(_) => return Err(Break::Reset),
            }
        }
    }

    async fn write(
        &self,
        way: Way,
        mut to: WriteHalf<'_>,
        mut late: mpsc::UnboundedReceiver<(Instant, Vec<u8>)>,
    ) -> Result<(), Break> {
        while let Some((due, bytes)) = late.recv().await {
            sleep_until(due).await;
            self.let_go(way).await;
            let (passes, last) = self.admit(way, bytes.len());
            if to.write_all(&bytes[..passes]).await.is_err() {
                return Err(Break::Reset);
            }
            if last {
                return Err(Break::Cut);
            }
        }
        to.shutdown().await.map_err(|_| Break::Reset)
    }

    /// Waits while the direction is held back.
    async fn let_go(&self, way: Way) {
        loop {
            let healed = self.healed.notified();
            if !self.lanes()[way as usize].held {
                return;
            }
            healed.await;
        }
    }

    /// How many of `bytes` may pass, and whether the connection ends after them.
    fn admit(&self, way: Way, bytes: usize) -> (usize, bool) {
        let mut lanes = self.lanes();
        let lane = &mut lanes[way as usize];
        if lane.swallows {
            lane.lost += bytes;
            return (0, false);
        }
        let Some(left) = &mut lane.left else {
            return (bytes, false);
        };
        let passes = bytes.min(*left);
        *left -= passes;
        (passes, *left == 0)
    }
}

/// Makes a side send RST instead of FIN when it is dropped.
pub(super) fn reset(side: &TcpStream) {
    // An error means that the side is gone already, which is fine.
    drop(side.set_zero_linger());
}

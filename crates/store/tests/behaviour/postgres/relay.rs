//! What stands between a store and its database, and hangs up when a test says so.

use std::sync::{Arc, Mutex};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes connections on to the database of the tests; gone when dropped.
pub(super) struct Relay {
    /// Names the database as it is reached through here.
    pub(super) url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What gets lost of the journal's next request, with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    Request,
    Answer,
}

struct Shared {
    database: PgConnectOptions,
    /// Whether the database is there; whoever is connected is hung up on when it goes.
    there: watch::Sender<bool>,
    loses: Mutex<Option<Lost>>,
}

/// Bytes of the shortest request that writes something: a look whether the database is there takes less.
const REQUEST: usize = 64;

impl Relay {
    pub(super) async fn start(url: &str) -> Self {
        let database: PgConnectOptions = url.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (user, name) = (database.get_username().to_owned(), database.get_database());
        let url = format!(
            "postgres://{user}@127.0.0.1:{port}/{}?sslmode=disable",
            name.unwrap_or(&user)
        );
        let shared = Arc::new(Shared {
            database,
            there: watch::Sender::new(true),
            loses: Mutex::default(),
        });
        let task = tokio::spawn({
            let shared = shared.clone();
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(connected(shared.clone(), client));
                }
            }
        });
        Self { url, shared, task }
    }

    /// Has the database go away, or come back.
    pub(super) fn set_there(&self, there: bool) {
        self.shared.there.send_replace(there);
    }

    /// Loses this of the journal's next request, once.
    pub(super) fn lose(&self, lost: Lost) {
        *self.shared.loses.lock().unwrap() = Some(lost);
    }

    /// Whether what was to be lost was.
    pub(super) fn has_lost(&self) -> bool {
        self.shared.loses.lock().unwrap().is_none()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// Whether this is to be lost now.
    fn loses(&self, what: Lost) -> bool {
        let mut loses = self.loses.lock().unwrap();
        let now = *loses == Some(what);
        if now {
            *loses = None;
        }
        now
    }
}

async fn connected(shared: Arc<Shared>, client: TcpStream) {
    let mut there = shared.there.subscribe();
    tokio::select! {
        _ = there.wait_for(|there| !there) => {}
        _ = pass(&shared, client) => {}
    }
}

async fn pass(shared: &Shared, client: TcpStream) -> std::io::Result<()> {
    let database = &shared.database;
    match database.get_socket() {
        Some(directory) => {
            let socket = directory.join(format!(".s.PGSQL.{}", database.get_port()));
            between(shared, client, UnixStream::connect(socket).await?).await
        }
        None => {
            let address = (database.get_host(), database.get_port());
            between(shared, client, TcpStream::connect(address).await?).await
        }
    }
}

async fn between(
    shared: &Shared,
    client: TcpStream,
    server: impl AsyncRead + AsyncWrite,
) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    // The first request names the role.
    let (mut journal, mut writes) = (None, false);
    loop {
        tokio::select! {
            length = from_client.read(&mut request) => {
                let bytes = &request[..length?];
                let journal = *journal.get_or_insert_with(|| bytes.windows(8).any(|word| word == b" journal"));
                writes = journal && bytes.len() >= REQUEST;
                if bytes.is_empty() || (writes && shared.loses(Lost::Request)) {
                    return Ok(());
                }
                to_server.write_all(bytes).await?;
            }
            length = from_server.read(&mut answer) => {
                let bytes = &answer[..length?];
                if bytes.is_empty() || (writes && shared.loses(Lost::Answer)) {
                    return Ok(());
                }
                to_client.write_all(bytes).await?;
            }
        }
    }
}

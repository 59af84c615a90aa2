//! An address that stays while the servers behind it come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{Api, socket};

/// Passes connections on to a server; gone when dropped.
pub struct Relay {
    /// The address, as clients take it.
    pub base: String,
    target: watch::Sender<Option<String>>,
    answered: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Passes on to this server.
    ///
    /// # Panics
    /// Where no port is free.
    pub async fn to(api: &Api) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (target, targets) = watch::channel(Some(authority(api)));
        let answered = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&answered);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let target = targets.borrow().clone();
                tokio::spawn(pass(client, target, Arc::clone(&counter)));
            }
        });
        Self {
            base: format!("http://{address}"),
            target,
            answered,
            task,
        }
    }

    /// Passes on to this server from now on, or to none: who connects is hung up on then.
    pub fn point(&self, api: Option<&Api>) {
        self.target.send_replace(api.map(authority));
    }

    /// Bytes that servers answered so far.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn authority(api: &Api) -> String {
    socket::authority(&api.base).to_owned()
}

async fn pass(client: TcpStream, target: Option<String>, answered: Arc<AtomicU64>) {
    let Some(target) = target else { return };
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let requests = async {
        // Either side may hang up at any time.
        let _ = copy(&mut from_client, &mut to_server).await;
    };
    let answers = async {
        let mut piece = vec![0; 16 << 10];
        loop {
            let Ok(read @ 1..) = from_server.read(&mut piece).await else {
                return;
            };
            if to_client.write_all(&piece[..read]).await.is_err() {
                return;
            }
            answered.fetch_add(read as u64, Ordering::Relaxed);
        }
    };
    tokio::select! {
        () = requests => {}
        () = answers => {}
    }
}

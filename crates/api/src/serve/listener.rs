//! Listening sockets: for each address one per core.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use super::Config;

/// The sockets of both listeners.
#[derive(Debug)]
pub struct Listeners {
    api: Vec<TcpListener>,
    functions: Vec<TcpListener>,
    api_address: SocketAddr,
    functions_address: SocketAddr,
}

/// The sockets of one core.
#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) api: TcpListener,
    pub(super) functions: TcpListener,
}

/// Listens on both addresses. From here on connections are taken, and answered once cores are started.
///
/// # Errors
/// Where an address cannot be had; the error names it.
pub fn bind(config: &Config, api: SocketAddr, functions: SocketAddr) -> io::Result<Listeners> {
    let (api, api_address) = listen_on_each_core(config, api)?;
    let (functions, functions_address) = listen_on_each_core(config, functions)?;
    Ok(Listeners {
        api,
        functions,
        api_address,
        functions_address,
    })
}

impl Listeners {
    /// Where the API is served: the address asked for, with its real port.
    pub fn api(&self) -> SocketAddr {
        self.api_address
    }

    /// Where functions are served.
    pub fn functions(&self) -> SocketAddr {
        self.functions_address
    }

    pub(super) fn into_cores(self) -> Vec<Sockets> {
        let pairs = self.api.into_iter().zip(self.functions);
        pairs.map(|(api, functions)| Sockets { api, functions }).collect()
    }
}

fn listen_on_each_core(config: &Config, address: SocketAddr) -> io::Result<(Vec<TcpListener>, SocketAddr)> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
    // A port that is shared among our sockets could be shared with another server of the same user as well, which would
    // then take some of the connections. Asking for the port alone first finds that server.
    let address = listen(config, address, false)
        .and_then(|alone| alone.local_addr())
        .map_err(named)?;
    let sockets = (0..config.cores.max(1)).map(|_| listen(config, address, true));
    let sockets = sockets.collect::<io::Result<Vec<_>>>().map_err(named)?;
    Ok((sockets, address))
}

fn listen(config: &Config, address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    // Accepted sockets inherit it.
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(config.backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

//! Nobody is asked who they are yet, so nobody else may get through.

use std::net::SocketAddr;

use crate::failure::Failure;

/// Refuses addresses that other machines can reach.
pub(crate) fn refuse(address: SocketAddr) -> Result<(), Failure> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{address} can be reached from other machines, and whoever reaches it may deploy and call everything"
    ))
    .hint(format!(
        "listen on 127.0.0.1:{} and let a proxy with TLS and authentication forward to it; \
         --allow-host names the host it is reached by",
        address.port()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        for address in ["127.0.0.1:1", "127.8.9.10:1", "[::1]:1"] {
            assert!(refuse(address.parse().unwrap()).is_ok(), "{address}");
        }
        for address in [
            "0.0.0.0:8080",
            "192.168.1.2:80",
            "[::]:80",
            "10.0.0.1:80",
            "[2001:db8::1]:80",
        ] {
            let failure = refuse(address.parse().unwrap()).unwrap_err();
            assert!(failure.as_hint().unwrap().contains("127.0.0.1"), "{address}");
        }
    }
}

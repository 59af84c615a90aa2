//! Whoever reaches a server that asks nobody who they are may do everything; so none is reached from elsewhere.

use std::net::SocketAddr;
use std::path::Path;

use crate::failure::Failure;

/// What stands between a server and those who reach it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guarded {
    /// What is said to it is encrypted.
    pub(crate) tls: bool,
    /// It asks for tokens, as some were made.
    pub(crate) tokens: bool,
}

/// Refuses addresses that other machines can reach, unless the server is guarded.
pub(crate) fn refuse(address: SocketAddr, guarded: Guarded, data: &Path) -> Result<(), Failure> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    if !guarded.tls {
        let message =
            format!("{address} can be reached from other machines, and what is said there is not encrypted");
        return Err(Failure::usage(message).hint(format!(
            "name a certificate and its key with --tls-certificate and --tls-key; or listen on 127.0.0.1:{} and let a \
             proxy with TLS forward to it (--allow-host names the host it is reached by)",
            address.port()
        )));
    }
    if !guarded.tokens {
        let message = format!(
            "{address} can be reached from other machines, and whoever reaches it may deploy and call everything, as no \
             token was made yet"
        );
        return Err(Failure::usage(message).hint(first_token(data)));
    }
    Ok(())
}

/// Refuses to serve nobody.
pub(crate) fn need_token(tokens: bool, data: &Path) -> Result<(), Failure> {
    match tokens {
        true => Ok(()),
        false => Err(
            Failure::usage("a token is needed (`require-token`), and none was made yet")
                .hint(first_token(data)),
        ),
    }
}

fn first_token(data: &Path) -> String {
    format!(
        "`weft token create --admin --data {}` makes the first one; then start the server again",
        data.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, tls: bool, tokens: bool) -> Result<(), String> {
        let guarded = Guarded { tls, tokens };
        let refused = refuse(address.parse().unwrap(), guarded, Path::new("/data"));
        refused.map_err(|failure| failure.as_hint().unwrap().to_owned())
    }

    #[test]
    fn this_machine_reaches_a_server_anyhow() {
        for address in ["127.0.0.1:1", "127.8.9.10:1", "[::1]:1"] {
            assert_eq!(check(address, false, false), Ok(()), "{address}");
        }
    }

    #[test]
    fn others_reach_it_with_encryption_and_tokens_only() {
        for address in [
            "0.0.0.0:8080",
            "192.168.1.2:80",
            "[::]:80",
            "10.0.0.1:80",
            "[2001:db8::1]:80",
        ] {
            for tokens in [false, true] {
                let hint = check(address, false, tokens).unwrap_err();
                assert!(
                    hint.contains("--tls-certificate") && hint.contains("127.0.0.1"),
                    "{hint}"
                );
            }
            let hint = check(address, true, false).unwrap_err();
            assert!(hint.contains("weft token create --admin --data /data"), "{hint}");
            assert_eq!(check(address, true, true), Ok(()), "{address}");
        }
    }
}

//! Where network addresses lead, and which may be connected to on somebody else's behalf.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Somewhere on the internet.
    Public,
    /// To this machine or its neighbours, which needs to be allowed by itself; to what exactly.
    Private(&'static str),
    /// Nowhere that anybody has business with; to what exactly.
    Never(&'static str),
}

/// A block of IPv4 addresses: its first address, the length of its prefix and where it leads.
type Block4 = (Ipv4Addr, u32, Reach);
/// A block of IPv6 addresses, likewise.
type Block6 = (Ipv6Addr, u32, Reach);

const BLOCKS4: [Block4; 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, Reach::Private("this machine")),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Reach::Private("a private network")),
    (
        Ipv4Addr::new(100, 64, 0, 0),
        10,
        Reach::Private("a carrier's shared network"),
    ),
    (
        Ipv4Addr::new(127, 0, 0, 0),
        8,
        Reach::Private("this machine (loopback)"),
    ),
    (
        Ipv4Addr::new(169, 254, 0, 0),
        16,
        Reach::Private("a link-local address, as of a cloud's metadata service"),
    ),
    (
        Ipv4Addr::new(172, 16, 0, 0),
        12,
        Reach::Private("a private network"),
    ),
    (
        Ipv4Addr::new(192, 0, 0, 0),
        24,
        Reach::Never("a protocol's address"),
    ),
    (
        Ipv4Addr::new(192, 0, 2, 0),
        24,
        Reach::Never("a documentation address"),
    ),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Reach::Never("a relay address")),
    (
        Ipv4Addr::new(192, 168, 0, 0),
        16,
        Reach::Private("a private network"),
    ),
    (
        Ipv4Addr::new(198, 18, 0, 0),
        15,
        Reach::Private("a benchmark network"),
    ),
    (
        Ipv4Addr::new(198, 51, 100, 0),
        24,
        Reach::Never("a documentation address"),
    ),
    (
        Ipv4Addr::new(203, 0, 113, 0),
        24,
        Reach::Never("a documentation address"),
    ),
    (
        Ipv4Addr::new(224, 0, 0, 0),
        4,
        Reach::Never("a multicast address"),
    ),
    (
        Ipv4Addr::new(240, 0, 0, 0),
        4,
        Reach::Never("a reserved or broadcast address"),
    ),
];

const BLOCKS6: [Block6; 13] = [
    (Ipv6Addr::UNSPECIFIED, 128, Reach::Private("this machine")),
    (
        Ipv6Addr::LOCALHOST,
        128,
        Reach::Private("this machine (loopback)"),
    ),
    (
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0),
        48,
        Reach::Private("a private network"),
    ),
    (
        Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0),
        64,
        Reach::Never("a discarding address"),
    ),
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        23,
        Reach::Never("a protocol's address"),
    ),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        Reach::Never("a documentation address"),
    ),
    (
        Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0),
        16,
        Reach::Never("a relay address"),
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        Reach::Never("a documentation address"),
    ),
    (
        Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0),
        16,
        Reach::Never("a routing segment"),
    ),
    (
        Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0),
        7,
        Reach::Private("a private network"),
    ),
    (
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0),
        10,
        Reach::Private("a link-local address"),
    ),
    (
        Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0),
        10,
        Reach::Private("a private network"),
    ),
    (
        Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0),
        8,
        Reach::Never("a multicast address"),
    ),
];

/// IPv6 blocks of 96 bits whose last 32 are an IPv4 address that packets end up at.
const EMBEDDING: [Ipv6Addr; 3] = [
    // Mapped and compatible addresses, and the well-known prefix of translators.
    Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0),
    Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0),
    Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0),
];

/// Whether `address` may be connected to. `private` allows what is not public.
///
/// # Errors
/// What it leads to instead.
pub fn allowed(address: IpAddr, private: bool) -> Result<(), &'static str> {
    match reach(address) {
        Reach::Public => Ok(()),
        Reach::Private(_) if private => Ok(()),
        Reach::Private(what) | Reach::Never(what) => Err(what),
    }
}

/// Where `address` leads.
#[must_use]
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach4(address),
        IpAddr::V6(address) => reach6(address),
    }
}

fn reach4(address: Ipv4Addr) -> Reach {
    let within = |&(first, prefix, reach): &Block4| {
        ((address.to_bits() ^ first.to_bits()) >> (u32::BITS - prefix) == 0).then_some(reach)
    };
    BLOCKS4.iter().find_map(within).unwrap_or(Reach::Public)
}

fn reach6(address: Ipv6Addr) -> Reach {
    let differs =
        |first: Ipv6Addr, prefix: u32| (address.to_bits() ^ first.to_bits()) >> (u128::BITS - prefix) != 0;
    if let Some(&(.., reach)) = BLOCKS6
        .iter()
        .find(|(first, prefix, _)| !differs(*first, *prefix))
    {
        return reach;
    }
    if EMBEDDING.iter().any(|first| !differs(*first, 96)) {
        let [.., a, b, c, d] = address.octets();
        return reach4(Ipv4Addr::new(a, b, c, d));
    }
    Reach::Public
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, public: bool, with_grant: bool) {
        let parsed = address.parse().unwrap_or_else(|_| panic!("{address}"));
        assert_eq!(allowed(parsed, false).is_ok(), public, "{address}");
        assert_eq!(
            allowed(parsed, true).is_ok(),
            with_grant,
            "{address} with the grant"
        );
    }

    #[test]
    fn public_addresses_are_allowed() {
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ];
        public.into_iter().for_each(|address| check(address, true, true));
    }

    #[test]
    fn private_addresses_need_a_grant() {
        let private = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.1",
            "::",
            "::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "64:ff9b:1::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::7f00:1",
            "::127.0.0.1",
        ];
        private
            .into_iter()
            .for_each(|address| check(address, false, true));
    }

    #[test]
    fn some_addresses_are_never_allowed() {
        let never = [
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "ff02::1",
            "::ffff:224.0.0.1",
            "64:ff9b::ffff:ffff",
            "5f00::1",
        ];
        never.into_iter().for_each(|address| check(address, false, false));
    }
}

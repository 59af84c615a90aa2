//! What guests reach outside themselves, with and without the grant: each other, key-value stores, the network.

mod calls;
mod keyvalue;
mod outbound;
mod platform;
mod stores;

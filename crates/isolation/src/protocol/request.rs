//! What a guest asks of the world, asked by its worker on its behalf.

use serde::{Deserialize, Serialize};

use super::StreamId;

/// What a worker asks its server for. Whether the guest may have it is for the server to say: a worker is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// The value of a key.
    Get {
        /// The store's name.
        store: String,
        /// The key.
        key: String,
    },
    /// Sets a key to the body.
    Set {
        /// The store's name.
        store: String,
        /// The key.
        key: String,
    },
    /// Removes a key.
    Delete {
        /// The store's name.
        store: String,
        /// The key.
        key: String,
    },
    /// Keys in ascending order.
    Keys {
        /// The store's name.
        store: String,
        /// Only keys greater than this one.
        after: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// Adds to a number kept as decimal text.
    Increment {
        /// The store's name.
        store: String,
        /// The key.
        key: String,
        /// How much.
        delta: i64,
    },
    /// Calls another function of the project; the body is the image of its arguments.
    Call {
        /// The imported interface; the server knows who satisfies it.
        interface: String,
        /// The function within.
        function: String,
    },
    /// Sends an HTTP request.
    Http {
        /// Its head.
        head: HttpHead,
        /// Where its body comes from; none where it has none. The worker opens it.
        body: Option<StreamId>,
        /// How long the guest waits.
        patience: Patience,
    },
}

/// How long a guest waits, in microseconds; bounded by the server and by the call's deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    /// For the connection.
    pub connect_us: Option<u64>,
    /// From the request to the response's head.
    pub first_byte_us: Option<u64>,
    /// Between two pieces of the response's body.
    pub between_bytes_us: Option<u64>,
}

/// The head of a request. Text is checked by whoever makes requests of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpHead {
    /// The method.
    pub method: String,
    /// The absolute address.
    pub uri: String,
    /// Its fields, in order.
    pub headers: Vec<Header>,
}

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value, which need not be text.
    pub value: Vec<u8>,
}

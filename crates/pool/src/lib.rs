//! A generic pool of instances: leases, limits, a bounded queue, warm instances.
//!
//! It knows nothing of what an instance is: a [`Factory`] starts them. [`Pool`] hands each instance to one lease at a
//! time; [`SharedPool`] lets an instance serve several at once and balances over them ([`balance`]). Both admit calls
//! through one gate: so many at once, so many waiting, each for so long. Who waits is served in
//! turn: each [`Party`] has one, such as each project that calls, and its leases have it in order of arrival.
//!
//! What a pool should do is decided by pure functions: [`autoscale`] says how many instances there should be and why,
//! [`budget`] which idle ones end first when the machine is full, [`FairQueue`] and [`Shares`] whose turn it is. [`simulate`] replays
//! traffic against them.
#![forbid(unsafe_code)]

pub mod autoscale;
pub mod balance;
pub mod budget;
mod fair;
mod gate;
mod party;
mod pool;
pub mod profile;
mod room;
mod shard;
mod shared;
mod shares;
pub mod simulate;

pub use fair::{FairQueue, Joined};
pub use gate::LeaseError;
pub use party::Party;
pub use pool::{Bounds, Factory, Idle, Lease, Pool, Stats, WeakPool};
pub use profile::{Choice, Level, Needs, Profile, ProfileError, Queue, Scaling, Unmet};
pub use room::Room;
pub use shard::{enter_shard, shard};
pub use shared::{Scaled, SharedLease, SharedPool, SlotStats, Wanted};
pub use shares::Shares;

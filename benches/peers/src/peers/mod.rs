//! The peers, each around the bare model in the form that suits it: one component that knows all groups, so that none pays
//! for finding its components more often than it must.

#[cfg(feature = "desru")]
pub mod desru;
#[cfg(feature = "nexosim")]
pub mod nexosim;
#[cfg(feature = "simcore")]
pub mod simcore;
pub mod simpy;
#[cfg(feature = "simrs")]
pub mod simrs;

//! Reading the service: the operations that are answered from the state alone.

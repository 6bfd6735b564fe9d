//! IPv4 addresses and CIDR blocks, as VPCs, subnets and NICs use them.
//!
//! Only form and arithmetic: which addresses are taken, and which of a block are reserved, is for
//! the world to know. IPv6 is not part of the published calls.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The address written as four decimal numbers without leading zeros, or `None` if the text has
/// another form. The caller answers SDRS.0219.
#[must_use]
pub fn parse_ipv4(text: &str) -> Option<Ipv4Addr> {
    text.parse().ok()
}

/// A block of IPv4 addresses that share their first `prefix` bits, such as `192.168.0.0/16`.
///
/// The bits after the prefix are always zero, so that equal blocks are equal values. Orders by
/// first address, then the larger block first. Written and read as its text, in serde too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    base: u32,
    prefix: u8,
}

impl Cidr {
    /// The block of this length that the address lies in, or `None` if the prefix is over 32.
    #[must_use]
    pub fn around(address: Ipv4Addr, prefix: u8) -> Option<Self> {
        (prefix <= 32).then(|| Self {
            base: address.to_bits() & mask(prefix),
            prefix,
        })
    }

    /// The first address of the block.
    #[must_use]
    pub const fn base(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.base)
    }

    /// How many leading bits all addresses of the block share, 0 to 32.
    #[must_use]
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// How many addresses the block has, the first and the last included: 1 to 2^32.
    #[must_use]
    pub const fn size(self) -> u64 {
        1 << (32 - self.prefix)
    }

    /// The address with this index from 0 in the block, or `None` beyond its end.
    #[must_use]
    pub fn nth(self, index: u32) -> Option<Ipv4Addr> {
        (u64::from(index) < self.size()).then(|| Ipv4Addr::from_bits(self.base | index))
    }

    /// Whether the address lies in the block.
    #[must_use]
    pub fn contains(self, address: Ipv4Addr) -> bool {
        address.to_bits() & mask(self.prefix) == self.base
    }

    /// Whether all addresses of the other block lie in this one; a block covers itself.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.base())
    }

    /// Whether some address lies in both blocks.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.covers(other) || other.covers(self)
    }
}

/// The bits that all addresses of a block share; `prefix` is at most 32.
fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base(), self.prefix)
    }
}

/// Why a text is no CIDR block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    /// The text is not an address, a slash and a number.
    #[error(
        "`{given}` is not a CIDR block: write an address, `/` and a prefix from 0 to 32, such as 192.168.0.0/16"
    )]
    Malformed {
        /// The text as given.
        given: String,
    },
    /// The address has bits after the prefix.
    #[error("{address}/{} is not a CIDR block, for it does not begin there: the block is {block}", .block.prefix())]
    NotTheBase {
        /// The address as given.
        address: Ipv4Addr,
        /// The block in which the address lies.
        block: Cidr,
    },
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let Some((address, block)) = split(text) else {
            return Err(CidrError::Malformed {
                given: text.to_owned(),
            });
        };
        if block.base() == address {
            Ok(block)
        } else {
            Err(CidrError::NotTheBase { address, block })
        }
    }
}

/// The address of a text such as `10.0.0.7/24`, and the block around it.
fn split(text: &str) -> Option<(Ipv4Addr, Cidr)> {
    let (address, prefix) = text.split_once('/')?;
    let address = parse_ipv4(address)?;
    let plain = prefix.bytes().all(|byte| byte.is_ascii_digit())
        && (prefix == "0" || !prefix.starts_with('0'));
    let prefix = prefix.parse().ok().filter(|_| plain)?;
    Some((address, Cidr::around(address, prefix)?))
}

impl Serialize for Cidr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Cidr;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a CIDR block such as 192.168.0.0/16")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Cidr, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Cidr {
    fn schema_name() -> Cow<'static, str> {
        "Cidr".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$",
            "description": "A block of IPv4 addresses, such as 192.168.0.0/16.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> Ipv4Addr {
        parse_ipv4(text).unwrap()
    }

    #[test]
    fn addresses_are_four_plain_numbers() {
        assert_eq!(
            parse_ipv4("192.168.0.5"),
            Some(Ipv4Addr::new(192, 168, 0, 5))
        );
        for bad in [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.256",
            "01.2.3.4",
            "1.2.3.4 ",
            "::1",
        ] {
            assert_eq!(parse_ipv4(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_schema_and_the_error_say_how_a_block_is_written() {
        let schema = schemars::schema_for!(Cidr);
        assert_eq!(
            schema.get("title").and_then(|title| title.as_str()),
            Some("Cidr")
        );
        assert_eq!(
            schema.get("type").and_then(|kind| kind.as_str()),
            Some("string")
        );
        let pattern = schema.get("pattern").and_then(|pattern| pattern.as_str());
        assert_eq!(pattern, Some(r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$"));
        let error = serde_json::from_str::<Cidr>("7").unwrap_err().to_string();
        assert!(
            error.contains("expected a CIDR block such as 192.168.0.0/16"),
            "{error}"
        );
    }

    #[test]
    fn blocks_survive_text_and_serde() {
        for text in [
            "0.0.0.0/0",
            "10.0.0.0/8",
            "192.168.4.0/22",
            "255.255.255.255/32",
            "128.0.0.0/1",
        ] {
            assert_eq!(cidr(text).to_string(), text);
            let json = serde_json::to_string(&cidr(text)).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Cidr>(&json).unwrap(), cidr(text));
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        for given in [
            "",
            "10.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0/8",
        ] {
            assert_eq!(
                given.parse::<Cidr>(),
                Err(CidrError::Malformed {
                    given: given.to_owned()
                })
            );
        }
        let error = "192.168.0.5/24".parse::<Cidr>().unwrap_err();
        assert_eq!(
            error,
            CidrError::NotTheBase {
                address: ip("192.168.0.5"),
                block: cidr("192.168.0.0/24")
            }
        );
        assert!(error.to_string().ends_with("192.168.0.0/24"), "{error}");
    }

    #[test]
    fn a_block_contains_its_first_and_last_address_and_no_neighbour() {
        let block = cidr("192.168.4.0/22");
        assert_eq!(block.size(), 1024);
        assert_eq!(block.nth(0), Some(ip("192.168.4.0")));
        assert_eq!(block.nth(1023), Some(ip("192.168.7.255")));
        assert_eq!(block.nth(1024), None);
        assert!(block.contains(ip("192.168.4.0")) && block.contains(ip("192.168.7.255")));
        assert!(!block.contains(ip("192.168.3.255")) && !block.contains(ip("192.168.8.0")));
        let all = cidr("0.0.0.0/0");
        assert_eq!(
            (all.size(), all.nth(u32::MAX)),
            (1 << 32, Some(ip("255.255.255.255")))
        );
        assert_eq!(Cidr::around(ip("192.168.5.9"), 22), Some(block));
        assert_eq!(Cidr::around(ip("192.168.5.9"), 33), None);
    }

    #[test]
    fn blocks_nest_or_are_apart() {
        let (vpc, subnet, other) = (
            cidr("192.168.0.0/16"),
            cidr("192.168.1.0/24"),
            cidr("192.169.0.0/16"),
        );
        assert!(vpc.covers(subnet) && vpc.covers(vpc) && !subnet.covers(vpc) && !vpc.covers(other));
        assert!(vpc.overlaps(subnet) && subnet.overlaps(vpc) && !vpc.overlaps(other));
    }
}

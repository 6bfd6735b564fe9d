//! Device names of disks: `/dev/vda`, `/dev/sdb` and so on (`sdrs_05_0506`).
//!
//! A KVM server has its disks under `/dev/vd`, a Xen server under `/dev/sd`. A request may use
//! either; the service takes the prefix of the server. Names are therefore kept as a number and
//! translated with [`Device::on`] *before* they are compared. What a disk is called inside the
//! guest is no matter of this module.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a server runs on; it decides how its disks are called.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Hypervisor {
    /// Disks are `/dev/vda`, `/dev/vdb`, ...
    #[default]
    Kvm,
    /// Disks are `/dev/sda`, `/dev/sdb`, ...
    Xen,
}

impl Hypervisor {
    /// What the names of all disks begin with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Kvm => "/dev/vd",
            Self::Xen => "/dev/sd",
        }
    }
}

/// The device name of a disk: a prefix, and the letters `a` to `zz`.
///
/// Orders by prefix (KVM first) and then as the letters count: a, b, ..., z, aa, ab, ..., zz.
/// Written and read as its text, in serde too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Device(u16);

/// The bit that tells `/dev/sd` from `/dev/vd`; the others count the letters from 0.
const XEN: u16 = 1 << 15;

/// How many names there are under one prefix: `a` to `z`, then `aa` to `zz`.
const COUNT: u16 = 26 + 26 * 26;

impl Device {
    /// How many device names a server can give: `a` to `zz`.
    pub const COUNT: usize = COUNT as usize;

    /// The name of the disk with this index from 0, or `None` beyond `zz` (index 701).
    #[must_use]
    pub const fn nth(hypervisor: Hypervisor, index: u16) -> Option<Self> {
        if index >= COUNT {
            return None;
        }
        Some(match hypervisor {
            Hypervisor::Kvm => Self(index),
            Hypervisor::Xen => Self(index | XEN),
        })
    }

    /// The place of the letters in their order: 0 for `a`, 701 for `zz`.
    #[must_use]
    pub const fn index(self) -> u16 {
        self.0 & !XEN
    }

    /// The kind of server that calls its disks so.
    #[must_use]
    pub const fn hypervisor(self) -> Hypervisor {
        if self.0 & XEN == 0 {
            Hypervisor::Kvm
        } else {
            Hypervisor::Xen
        }
    }

    /// The same letters under the prefix of another kind of server: what the service makes of a
    /// requested name.
    #[must_use]
    pub const fn on(self, hypervisor: Hypervisor) -> Self {
        match hypervisor {
            Hypervisor::Kvm => Self(self.index()),
            Hypervisor::Xen => Self(self.index() | XEN),
        }
    }

    /// Whether this is where the system disk is: `/dev/vda` or `/dev/sda`.
    #[must_use]
    pub const fn is_system(self) -> bool {
        self.index() == 0
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Both operands are below 26, so that the sum is an ASCII letter.
        let letter = |place: u16| char::from(b'a' + (place % 26) as u8);
        f.write_str(self.hypervisor().prefix())?;
        if let Some(beyond) = self.index().checked_sub(26) {
            write!(f, "{}", letter(beyond / 26))?;
            write!(f, "{}", letter(beyond))
        } else {
            write!(f, "{}", letter(self.index()))
        }
    }
}

/// A text that is no device name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a device name: write /dev/vd or /dev/sd and one or two lower-case letters, such as /dev/vdb"
)]
pub struct DeviceError {
    /// The text as given.
    pub given: String,
}

impl FromStr for Device {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        let read = |hypervisor: Hypervisor| {
            let index = letters_index(text.strip_prefix(hypervisor.prefix())?)?;
            Self::nth(hypervisor, index)
        };
        read(Hypervisor::Kvm)
            .or_else(|| read(Hypervisor::Xen))
            .ok_or_else(|| DeviceError {
                given: text.to_owned(),
            })
    }
}

/// The place of one or two lower-case letters in the order of device names.
fn letters_index(letters: &str) -> Option<u16> {
    let place = |byte: u8| byte.is_ascii_lowercase().then(|| u16::from(byte - b'a'));
    match *letters.as_bytes() {
        [only] => place(only),
        [first, second] => Some(26 + place(first)? * 26 + place(second)?),
        _ => None,
    }
}

impl Serialize for Device {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Device;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a device name such as /dev/vdb")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Device, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Device {
    fn schema_name() -> Cow<'static, str> {
        "Device".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^/dev/[vs]d[a-z]{1,2}$",
            "description": "The device name of a disk, such as /dev/vdb.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(text: &str) -> Device {
        text.parse().unwrap()
    }

    #[test]
    fn letters_count_from_a_to_zz() {
        for (text, index) in [
            ("a", 0),
            ("b", 1),
            ("z", 25),
            ("aa", 26),
            ("az", 51),
            ("ba", 52),
            ("zz", 701),
        ] {
            let name = format!("/dev/vd{text}");
            assert_eq!(device(&name).index(), index, "{name}");
            assert_eq!(
                Device::nth(Hypervisor::Kvm, index).unwrap().to_string(),
                name
            );
        }
        assert_eq!(Device::nth(Hypervisor::Xen, 702), None);
    }

    #[test]
    fn every_name_survives_text_and_serde_and_the_order_is_that_of_the_letters() {
        let mut before = None;
        for hypervisor in [Hypervisor::Kvm, Hypervisor::Xen] {
            for index in 0..COUNT {
                let name = Device::nth(hypervisor, index).unwrap();
                assert_eq!((name.hypervisor(), name.index()), (hypervisor, index));
                assert_eq!(device(&name.to_string()), name);
                let json = serde_json::to_string(&name).unwrap();
                assert_eq!(serde_json::from_str::<Device>(&json).unwrap(), name);
                assert!(before < Some(name), "{name}");
                before = Some(name);
            }
        }
    }

    #[test]
    fn the_schema_and_the_error_say_how_a_name_is_written() {
        let schema = schemars::schema_for!(Device);
        assert_eq!(
            schema.get("title").and_then(|title| title.as_str()),
            Some("Device")
        );
        assert_eq!(
            schema.get("type").and_then(|kind| kind.as_str()),
            Some("string")
        );
        let pattern = schema.get("pattern").and_then(|pattern| pattern.as_str());
        assert_eq!(pattern, Some("^/dev/[vs]d[a-z]{1,2}$"));
        let error = serde_json::from_str::<Device>("7").unwrap_err().to_string();
        assert!(
            error.contains("expected a device name such as /dev/vdb"),
            "{error}"
        );
    }

    #[test]
    fn a_server_puts_its_own_prefix() {
        let asked = device("/dev/sdc");
        assert_eq!(asked.on(Hypervisor::Kvm).to_string(), "/dev/vdc");
        assert_eq!(asked.on(Hypervisor::Xen), asked);
        assert_eq!(asked.on(Hypervisor::Kvm).on(Hypervisor::Xen), asked);
    }

    #[test]
    fn the_system_disk_comes_first() {
        assert!(device("/dev/vda").is_system() && device("/dev/sda").is_system());
        assert!(!device("/dev/vdb").is_system() && !device("/dev/sdaa").is_system());
    }

    #[test]
    fn other_texts_are_no_device_names() {
        for given in [
            "",
            "vda",
            "/dev/vd",
            "/dev/vdA",
            "/dev/vd1",
            "/dev/vdaaa",
            "/dev/xvda",
            "/dev/vdä",
            " /dev/vda",
        ] {
            assert_eq!(
                given.parse::<Device>(),
                Err(DeviceError {
                    given: given.to_owned()
                })
            );
        }
        assert!(serde_json::from_str::<Device>("\"/dev/hda\"").is_err());
    }
}

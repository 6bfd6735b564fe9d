//! Values of any type with a serde form, chosen by bytes: so a call that is published tomorrow is tried without a line here.
//!
//! A text is one of those that its field may hold, a label of the world where nothing better is known. What a type then
//! refuses to be is no call, and the step is passed over.

use super::bytes::Bytes;
use serde::de::value::{BorrowedStrDeserializer, Error, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

/// A value; None if what the bytes say is none.
pub fn wild<'de, T: Deserialize<'de>>(
    bytes: &mut Bytes<'_>,
    labels: &[(&'static str, String)],
) -> Option<T> {
    let wild = Wild {
        bytes,
        labels,
        field: "",
        depth: 0,
    };
    T::deserialize(wild).ok()
}

const NUMBERS: &[i64] = &[0, 1, 2, 5, 11, 20, 40, 100, 32_768, -1, i64::MAX, i64::MIN];

/// What the fields of calls may hold; for others the labels of the world.
const TEXTS: &[(&[&str], &[&str])] = &[
    (
        &["device"],
        &[
            "/dev/vdb",
            "/dev/vdc",
            "/dev/vda",
            "/dev/sda",
            "/dev/vdzz",
            "vdb",
        ],
    ),
    (
        &["cidr"],
        &[
            "10.0.3.0/24",
            "10.0.1.0/24",
            "192.168.0.0/16",
            "10.0.0.0/0",
            "10.0.3.7/33",
            "0.0.0.0/0",
        ],
    ),
    (
        &["ip", "ip_address", "primary_ip_address", "address"],
        &[
            "10.0.1.9",
            "10.0.2.9",
            "203.0.113.7",
            "203.0.113.8",
            "10.0.1.255",
            "300.1.1.1",
            "",
        ],
    ),
    (&["priority_station"], &["source", "target", "both", ""]),
    (
        &["actions", "action"],
        &[
            "start-server-group",
            "stop-server-group",
            "failover-server-group",
            "reverse-server-group",
            "reprotect-server-group",
            "create",
            "delete",
            "extend",
            "",
        ],
    ),
    (
        &["as"],
        &[
            "new-1", "new-2", "new-3", "new-4", "new-5", "new-6", "shop", "new/7", "",
        ],
    ),
    (
        &["name", "description", "key", "value"],
        &[
            "a",
            "b",
            "sys.a",
            "Ä",
            "a b",
            "*",
            "",
            "0123456789012345678901234567890123456789012345678901234567890123456789",
        ],
    ),
    (
        &["size", "working_set", "io_size"],
        &[
            "1 GiB",
            "10 GiB",
            "4 KiB",
            "0 B",
            "1 TiB",
            "32768 GiB",
            "1 B",
            "8 EiB",
        ],
    ),
    (
        &["rate", "throughput", "copy_rate"],
        &[
            "1 MiB/s",
            "100 Mbit/s",
            "0 B/s",
            "1 B/s",
            "10 Gbit/s",
            "15 EiB/s",
        ],
    ),
    (&["write_latency"], &["0s", "1ms", "20us", "1h", "10000d"]),
    (
        &["id"],
        &[
            "",
            "0",
            "0123456789abcdef0123456789abcdef",
            "11111111-2222-3333-4444-555555555555",
        ],
    ),
];

/// What a field is about, by a part of its name; the first that fits.
const KINDS: &[(&str, &str)] = &[
    ("group", "group"),
    ("availability_zone", "az"),
    ("az", "az"),
    ("instance", "instance"),
    ("pair", "pair"),
    ("drill_vpc", "vpc"),
    ("drill", "drill"),
    ("server", "server"),
    ("disk", "disk"),
    ("volume", "disk"),
    ("nic", "nic"),
    ("subnet", "subnet"),
    ("eip", "eip"),
    ("vpc", "vpc"),
    ("lavor", "flavor"),
    ("domain", "domain"),
];

struct Wild<'s, 'd> {
    bytes: &'s mut Bytes<'d>,
    labels: &'s [(&'static str, String)],
    /// The field that the value is for.
    field: &'static str,
    depth: u8,
}

impl<'s, 'd> Wild<'s, 'd> {
    /// The same source for a part of the value.
    fn part(&mut self, field: &'static str) -> Wild<'_, 'd> {
        Wild {
            bytes: self.bytes,
            labels: self.labels,
            field,
            depth: self.depth.saturating_add(1),
        }
    }

    fn text(&mut self) -> &'s str {
        let own = TEXTS
            .iter()
            .find(|(fields, _)| fields.contains(&self.field));
        match own {
            Some((_, texts)) => self.bytes.one(texts).copied().unwrap_or_default(),
            None => self.label(),
        }
    }

    /// Mostly of what the field is about, and now and then of anything.
    fn label(&mut self) -> &'s str {
        let choice = usize::from(self.bytes.byte());
        let kind = KINDS.iter().find(|(part, _)| self.field.contains(part));
        let fits = |it: &&(&str, String)| kind.is_none_or(|(_, kind)| *kind == it.0);
        let own = self.labels.iter().filter(fits).count();
        let found = match own > 0 && choice < 240 {
            true => self.labels.iter().filter(fits).nth(choice % own),
            false => self.labels.get(choice % self.labels.len().max(1)),
        };
        found.map_or("", |(_, label)| label)
    }

    fn number(&mut self) -> i64 {
        self.bytes.one(NUMBERS).copied().unwrap_or_default()
    }

    /// How many items a sequence has.
    fn length(&mut self) -> usize {
        match self.depth {
            0..8 => self.bytes.below(4),
            _ => 0,
        }
    }
}

macro_rules! numbers {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
            let number = self.number();
            match u64::try_from(number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_i64(number),
            }
        }
    )*};
}

macro_rules! texts {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_str(self.text())
        }
    )*};
}

impl<'de> Deserializer<'de> for Wild<'_, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.field {
            "new_size" => self.deserialize_i64(visitor),
            "id" => self.deserialize_str(visitor),
            // An id in place of a label, now and then.
            _ if TEXTS
                .iter()
                .all(|(fields, _)| !fields.contains(&self.field))
                && self.bytes.below(32) == 31 =>
            {
                visitor.visit_map(Fields {
                    wild: self.part(""),
                    fields: &["id"],
                    left_out: 0,
                })
            }
            _ => self.deserialize_str(visitor),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_f32 deserialize_f64 deserialize_i128 deserialize_u128
    }

    texts! {
        deserialize_str deserialize_string deserialize_char deserialize_bytes deserialize_byte_buf deserialize_identifier
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.bytes.below(2) == 1)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let left = self.length();
        visitor.visit_seq(Items { wild: self, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { wild: self, left })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(left, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_struct("", &[], visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let left_out = self.bytes.pair();
        visitor.visit_map(Fields {
            wild: self,
            fields,
            left_out,
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant = self.bytes.below(variants.len());
        visitor.visit_enum(Variant {
            wild: self,
            name: variants.get(variant).copied().unwrap_or_default(),
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// The items of a sequence.
struct Items<'s, 'd> {
    wild: Wild<'s, 'd>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let field = self.wild.field;
        seed.deserialize(self.wild.part(field)).map(Some)
    }
}

/// The fields of a struct, but for those left out: a bit for each, from the lowest.
struct Fields<'s, 'd> {
    wild: Wild<'s, 'd>,
    fields: &'static [&'static str],
    left_out: u16,
}

impl<'de> MapAccess<'de> for Fields<'_, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        while let Some((field, rest)) = self.fields.split_first() {
            self.fields = rest;
            let is_out = self.left_out & 1 == 1;
            self.left_out >>= 1;
            if !is_out {
                self.wild.field = field;
                let key: BorrowedStrDeserializer<'_, Error> = BorrowedStrDeserializer::new(field);
                return seed.deserialize(key).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let field = self.wild.field;
        seed.deserialize(self.wild.part(field))
    }
}

/// A variant of an enum.
struct Variant<'s, 'd> {
    wild: Wild<'s, 'd>,
    name: &'static str,
}

impl<'de, 's, 'd> EnumAccess<'de> for Variant<'s, 'd> {
    type Error = Error;
    type Variant = Wild<'s, 'd>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Wild<'s, 'd>), Error> {
        let name: StrDeserializer<'_, Error> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self.wild))
    }
}

impl<'de> VariantAccess<'de> for Wild<'_, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_tuple(left, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_struct("", fields, visitor)
    }
}

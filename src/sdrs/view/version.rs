//! API versions (`sdrs_05_0201`, `sdrs_05_0202`): fixed data, the same in every world.

use serde::{Deserialize, Serialize};

/// A link to a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// The address.
    pub href: String,
    /// What the address is to the version; `self` is the only one published.
    pub rel: String,
}

/// One version of the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The version's id, `v1`.
    pub id: String,
    /// Where the version is found.
    pub links: Vec<Link>,
    /// `CURRENT`, `SUPPORT` or `DEPRECATED`.
    pub status: String,
    /// When the version was released, as `2018-05-30T15:00:00Z`.
    pub updated: String,
    /// The highest microversion; empty, because there are none.
    pub version: String,
    /// The lowest microversion; empty, because there are none.
    pub min_version: String,
}

impl Version {
    /// The one published version, found under `endpoint` (which has no slash at its end).
    ///
    /// The example of `sdrs_05_0202` shows midnight as the release; its text and `sdrs_05_0201` say 15:00, which is used.
    pub fn v1(endpoint: &str) -> Self {
        Self {
            id: "v1".into(),
            links: vec![Link {
                href: format!("{endpoint}/v1"),
                rel: "self".into(),
            }],
            status: "CURRENT".into(),
            updated: "2018-05-30T15:00:00Z".into(),
            version: String::new(),
            min_version: String::new(),
        }
    }
}

/// All versions (`sdrs_05_0201`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionList {
    /// The versions.
    pub versions: Vec<Version>,
}

/// One version (`sdrs_05_0202`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionAnswer {
    /// The version.
    pub version: Version,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdrs::view::published::{assert_published, json_of};

    #[test]
    fn versions_are_published_as_a_list() {
        let list = VersionList {
            versions: vec![Version::v1("https://sdrs.example")],
        };
        let json = r#"
{
  "versions": [
    {
      "id": "v1",
      "links": [
        {
          "href": "https://sdrs.example/v1",
          "rel": "self"
        }
      ],
      "status": "CURRENT",
      "updated": "2018-05-30T15:00:00Z",
      "version": "",
      "min_version": ""
    }
  ]
}"#;
        assert_published(&list, json);
    }

    #[test]
    fn one_version_stands_under_its_name() {
        let answer = VersionAnswer {
            version: Version::v1("https://sdrs.example"),
        };
        let expected =
            serde_json::json!({ "version": json_of(&Version::v1("https://sdrs.example")) });
        assert_eq!(json_of(&answer), expected);
    }
}

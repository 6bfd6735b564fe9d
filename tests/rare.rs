//! Values that few records have read like the values themselves, and collections tell how often they were opened.

use sdrsim::world::rare::{Plain, Rare};
use sdrsim::world::watched::Watched;
use serde::{Deserialize, Serialize};
use slotmap::{SlotMap, new_key_type};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Marks(Vec<u32>);

impl Plain for Marks {
    const PLAIN: &'static Marks = &Marks(Vec::new());
}

new_key_type! { struct Key; }

#[test]
fn a_rare_value_is_compared_printed_and_written_as_the_value() {
    let plain = Rare::<Marks>::plain();
    let [seven, eight] = [7, 8].map(|mark| Rare::of(Marks(vec![mark])));
    assert_ne!(seven, eight);
    assert_ne!(seven, plain);
    assert_ne!(plain, seven);
    assert!(seven == Rare::of(Marks(vec![7])) && plain == Rare::of(Marks(Vec::new())));
    assert_eq!((seven.0.as_slice(), plain.0.len()), (&[7][..], 0));
    assert_eq!(
        [&plain, &seven].map(|rare| format!("{rare:?}")),
        ["Marks([])", "Marks([7])"]
    );
    let text = serde_json::to_string(&[&plain, &seven]).expect("marks can be written");
    assert_eq!(text, "[null,[7]]");
    let back: [Rare<Marks>; 2] = serde_json::from_str(&text).expect("what was written can be read");
    assert!(back[0].is_untouched() && back[0] == plain && back[1] == seven);
}

#[test]
fn a_rare_value_keeps_its_room_until_it_is_tidied() {
    assert!(Rare::of(Marks(Vec::new())).is_untouched() && Rare::<Marks>::default().is_untouched());
    let mut rare = Rare::of(Marks(vec![7]));
    rare.tidy();
    assert_eq!(rare.0, [7], "what is not plain stays");
    rare.change(|marks| marks.0.clear());
    assert!(!rare.is_untouched() && rare == Rare::plain());
    let mut other = Rare::of(Marks(vec![8]));
    other.clone_from(&rare);
    assert!(
        !other.is_untouched() && other == rare,
        "it is copied into the room that is there"
    );
    rare.tidy();
    assert!(rare.is_untouched());
    rare.clone_from(&Rare::of(Marks(vec![9])));
    assert_eq!(rare.0, [9]);
}

#[test]
fn a_watched_collection_counts_its_openings_and_is_walked_as_it_is() {
    let mut watched = Watched::new(SlotMap::<Key, u32>::with_key());
    assert_eq!(watched.openings(), 1, "no count that was never noted holds");
    let keys = [5, 6].map(|value| watched.insert(value));
    assert_eq!(watched.openings(), 3);
    let seen: Vec<(Key, u32)> = (&watched)
        .into_iter()
        .map(|(key, &value)| (key, value))
        .collect();
    assert_eq!(seen, [(keys[0], 5), (keys[1], 6)]);
    assert_eq!(
        (watched[keys[0]], watched.len(), watched.openings()),
        (5, 2, 3)
    );
    watched[keys[0]] += 1;
    assert_eq!((watched[keys[0]], watched.openings()), (6, 4));
    let copy = watched.clone();
    assert_eq!((copy.openings(), copy[keys[0]]), (4, 6));
    let mut other = Watched::new(SlotMap::with_key());
    other.clone_from(&watched);
    assert_eq!((other.openings(), other.len(), other[keys[1]]), (4, 2, 6));
}

use super::*;
use crate::engine::dice::{Dice, Purpose, Seed};
use proptest::prelude::*;

fn laws() -> Vec<Distribution> {
    let second = Span::secs;
    vec![
        Distribution::Fixed(second(8)),
        Distribution::uniform(second(1), second(3)).unwrap(),
        Distribution::exponential(second(5)).unwrap(),
        Distribution::log_normal(second(5), 0.5).unwrap(),
        Distribution::triangular(second(1), second(2), second(6)).unwrap(),
        Distribution::weibull(second(5), 1.5).unwrap(),
        Distribution::weibull(second(5), 0.7).unwrap(),
        Distribution::empirical(vec![second(1), second(2), second(2), second(7)]).unwrap(),
    ]
}

#[test]
fn sample_means_are_the_means() {
    let dice = Dice::new(Seed(1));
    for (key, law) in laws().into_iter().enumerate() {
        let count = 200_000;
        let sum: u128 = (0..count)
            .map(|n| {
                u128::from(
                    law.sample(dice.draw(Purpose::Duration, key as u64, n))
                        .as_micros(),
                )
            })
            .sum();
        let mean = (sum / u128::from(count)) as f64;
        let expected = law.mean().as_micros() as f64;
        assert!(
            (mean / expected - 1.0).abs() < 0.02,
            "{law:?}: {mean} is not near {expected}"
        );
    }
}

#[test]
fn quantiles_are_the_laws() {
    let at = |law: &Distribution, unit: f64| {
        law.sample((unit * 2_f64.powi(64)) as u64).as_micros() as f64 / 1e6
    };
    let near = |value: f64, expected: f64| {
        assert!((value - expected).abs() < 2e-6, "{value} is not {expected}")
    };
    let [
        _,
        uniform,
        exponential,
        normal,
        triangular,
        weibull,
        _,
        empirical,
    ] = &laws()[..]
    else {
        panic!()
    };
    near(at(uniform, 0.25), 1.5);
    near(at(exponential, 0.5), 5.0 * 2_f64.ln());
    near(at(exponential, 0.99), 5.0 * 100_f64.ln());
    // The median of a lognormal law is its mean over the root of 1 + cv^2; one deviation up is at 0.8413...
    near(at(normal, 0.5), 5.0 / 1.25_f64.sqrt());
    near(
        at(normal, 0.841_344_746_068_542_9),
        5.0 / 1.25_f64.sqrt() * 1.25_f64.ln().sqrt().exp(),
    );
    near(at(triangular, 0.2), 2.0);
    near(at(triangular, 0.05), 1.5);
    near(at(triangular, 0.8), 4.0);
    near(at(weibull, 1.0 - (-1_f64).exp()), 5.0);
    near(at(weibull, 0.5), 5.0 * 2_f64.ln().powf(1.0 / 1.5));
    assert_eq!(
        [0.0, 0.3, 0.7, 0.76].map(|unit| at(empirical, unit)),
        [1.0, 2.0, 2.0, 7.0]
    );
}

#[test]
fn values_are_stable() {
    let draw = 0x9E37_79B9_7F4A_7C15;
    let micros: Vec<u64> = laws()
        .iter()
        .map(|law| law.sample(draw).as_micros())
        .collect();
    assert_eq!(
        micros,
        [
            8_000_000, 2_236_068, 4_812_118, 5_153_789, 3_236_068, 4_873_948, 4_733_774, 2_000_000
        ]
    );
}

#[test]
fn the_ends_of_the_draws_stay_within_the_law() {
    for law in laws() {
        let (low, high) = (law.sample(0), law.sample(u64::MAX));
        assert!(
            low <= law.mean() && law.mean() <= high && high < Span::hours(2),
            "{law:?}: {low} to {high}"
        );
    }
    let uniform = &laws()[1];
    assert_eq!(
        (uniform.sample(0), uniform.sample(u64::MAX)),
        (Span::secs(1), Span::secs(3))
    );
    let whole = Distribution::uniform(Span::ZERO, Span::MAX).unwrap();
    assert_eq!(
        (whole.sample(0), whole.sample(u64::MAX)),
        (Span::ZERO, Span::MAX)
    );
    assert_eq!(
        Distribution::exponential(Span::MAX)
            .unwrap()
            .sample(u64::MAX),
        Span::MAX
    );
}

#[test]
fn laws_that_make_no_sense_are_refused() {
    let second = Span::secs;
    for (refused, message) in [
        (
            Distribution::uniform(second(2), second(1)),
            "the uniform law needs min <= max, and 2s is longer than 1s",
        ),
        (
            Distribution::exponential(Span::ZERO),
            "the exponential law needs a mean longer than 0s",
        ),
        (
            Distribution::log_normal(second(1), -0.5),
            "the lognormal law needs a cv from 0 to 100, not -0.5",
        ),
        (
            Distribution::log_normal(second(1), f64::NAN),
            "the lognormal law needs a cv from 0 to 100, not NaN",
        ),
        (
            Distribution::log_normal(Span::ZERO, 1.0),
            "the lognormal law needs a mean longer than 0s",
        ),
        (
            Distribution::triangular(second(1), second(4), second(3)),
            "the triangular law needs mode <= max, and 4s is longer than 3s",
        ),
        (
            Distribution::triangular(second(2), second(1), second(3)),
            "the triangular law needs min <= mode, and 2s is longer than 1s",
        ),
        (
            Distribution::weibull(Span::ZERO, 1.0),
            "the weibull law needs a scale longer than 0s",
        ),
        (
            Distribution::weibull(second(1), 0.0),
            "the weibull law needs a shape from 0.1 to 100, not 0",
        ),
        (
            Distribution::empirical(vec![]),
            "the empirical law needs at least one span in its list",
        ),
    ] {
        assert_eq!(refused.unwrap_err().to_string(), message);
    }
}

#[test]
fn unchecked_laws_answer_all_the_same() {
    let (second, zero) = (Span::secs(1), Span::ZERO);
    for (law, ends) in [
        (
            Distribution::Uniform {
                min: second,
                max: zero,
            },
            [second, second],
        ),
        (
            Distribution::Triangular {
                min: second,
                mode: zero,
                max: zero,
            },
            [zero, zero],
        ),
        (
            Distribution::LogNormal {
                mean: second,
                cv: f64::NAN,
            },
            [zero, zero],
        ),
        (
            Distribution::Weibull {
                scale: second,
                shape: 0.0,
            },
            [zero, Span::MAX],
        ),
        (Distribution::Empirical(vec![]), [zero, zero]),
    ] {
        assert_eq!([0, u64::MAX].map(|draw| law.sample(draw)), ends, "{law:?}");
    }
    assert_eq!(Distribution::Empirical(vec![]).mean(), zero);
}

#[test]
fn durations_grow_with_the_size() {
    let law = DurationLaw {
        base: Distribution::Fixed(Span::secs(8)),
        per_gib: Some(Span::secs(2)),
    };
    assert_eq!(law.sample(0, Bytes::ZERO), Span::secs(8));
    assert_eq!(law.sample(0, Bytes::gib(10)), Span::secs(28));
    assert_eq!(law.sample(0, Bytes(Bytes::GIB / 2)), Span::secs(9));
    assert_eq!(law.sample(0, Bytes(1)), Span::micros(8_000_001));
    assert_eq!(law.mean(Bytes::gib(1)), Span::secs(10));
    assert_eq!(law.sample(0, Bytes(u64::MAX)), Span::secs(8 + (2 << 34)));
    assert_eq!(
        DurationLaw::from(Span::secs(8)).sample(0, Bytes::gib(10)),
        Span::secs(8)
    );
    let most = DurationLaw {
        per_gib: Some(Span::MAX),
        ..law
    };
    assert_eq!(most.sample(0, Bytes(u64::MAX)), Span::MAX);
}

#[test]
fn scenario_files_write_laws_like_this() {
    for (text, law) in [
        ("8s", DurationLaw::fixed(Span::secs(8))),
        (
            "fixed: 8s\nper_gib: 2s",
            DurationLaw {
                per_gib: Some(Span::secs(2)),
                ..DurationLaw::fixed(Span::secs(8))
            },
        ),
        (
            "uniform: {min: 1s, max: 3s}",
            DurationLaw::of(laws()[1].clone()),
        ),
        (
            "exponential: {mean: 5s}",
            DurationLaw::of(laws()[2].clone()),
        ),
        (
            "lognormal: {mean: 5s, cv: 0.5}",
            DurationLaw::of(laws()[3].clone()),
        ),
        (
            "triangular: {min: 1s, mode: 2s, max: 6s}",
            DurationLaw::of(laws()[4].clone()),
        ),
        (
            "weibull: {scale: 5s, shape: 1.5}",
            DurationLaw::of(laws()[5].clone()),
        ),
        (
            "empirical: [1s, 2s, 2s, 7s]",
            DurationLaw::of(laws()[7].clone()),
        ),
        (
            "{per_gib: 1ms, exponential: {mean: 5s}}",
            DurationLaw {
                base: laws()[2].clone(),
                per_gib: Some(Span::millis(1)),
            },
        ),
    ] {
        assert_eq!(
            serde_saphyr::from_str::<DurationLaw>(text).unwrap(),
            law,
            "{text}"
        );
        let json = serde_json::to_string(&law).unwrap();
        assert_eq!(
            serde_json::from_str::<DurationLaw>(&json).unwrap(),
            law,
            "{json}"
        );
        if law.per_gib.is_none() {
            assert_eq!(
                serde_saphyr::from_str::<Distribution>(text).unwrap(),
                law.base,
                "{text}"
            );
            assert_eq!(serde_json::to_string(&law.base).unwrap(), json);
        }
    }
}

#[test]
fn mistakes_in_scenario_files_are_told_the_fix() {
    for (text, part) in [
        ("8", "the span `8` has no unit; write 8s for seconds"),
        ("8 weeks", "`weeks` is not a unit of time"),
        (
            "unifrom: {min: 1s, max: 2s}",
            "unknown field `unifrom`, expected one of fixed, uniform, exponential",
        ),
        (
            "uniform: {min: 1s, mx: 2s}",
            "unknown field `mx`, expected one of min, max",
        ),
        ("uniform: {min: 1s}", "missing field `max`"),
        (
            "uniform: {min: 2s, max: 1s}",
            "the uniform law needs min <= max, and 2s is longer than 1s",
        ),
        ("exponential: {mean: 5}", "the span `5` has no unit"),
        (
            "{fixed: 1s, exponential: {mean: 5s}}",
            "a span has one law, not both fixed and exponential",
        ),
        (
            "per_gib: 1s",
            "the law is missing; write one of fixed, uniform",
        ),
        ("empirical: []", "at least one span"),
        (
            "[1s, 2s]",
            "a span such as 8s, or a map with one of fixed, uniform",
        ),
    ] {
        let error = serde_saphyr::from_str::<DurationLaw>(text)
            .unwrap_err()
            .to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
    let error = serde_saphyr::from_str::<Distribution>("{fixed: 1s, per_gib: 1s}")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("per_gib belongs to the duration of work"),
        "{error}"
    );
}

#[test]
fn the_schema_knows_every_law() {
    let schema = schemars::schema_for!(DurationLaw).to_value();
    assert_eq!(schema["title"], "DurationLaw");
    let forms = schema["anyOf"].as_array().unwrap();
    let keys: Vec<&str> = forms
        .iter()
        .filter_map(|form| form["required"][0].as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "fixed",
            "uniform",
            "exponential",
            "lognormal",
            "triangular",
            "weibull",
            "empirical"
        ]
    );
    assert!(
        forms[1..]
            .iter()
            .all(|form| form["properties"]["per_gib"]["$ref"] == "#/$defs/Span")
    );
    assert_eq!(forms[3]["properties"]["exponential"]["required"][0], "mean");
    let plain = schemars::schema_for!(Distribution).to_value();
    assert_eq!(plain["title"], "Distribution");
    assert!(plain["anyOf"][1]["properties"].get("per_gib").is_none());
}

proptest! {
    #[test]
    fn longer_draws_give_longer_spans(a in any::<u64>(), b in any::<u64>()) {
        for law in laws() {
            prop_assert!(law.sample(a.min(b)) <= law.sample(a.max(b)), "{:?}", law);
        }
    }
}

#[test]
fn means_are_those_of_the_books() {
    let second = Span::secs;
    let mean = |law: Result<Distribution, _>| law.unwrap().mean();
    let weibull = mean(Distribution::weibull(second(1), 2.0));
    assert_eq!(weibull, Span::micros(886_227), "half the root of pi");
    let triangle = mean(Distribution::triangular(second(1), second(2), second(6)));
    assert_eq!(triangle, second(3));
    assert_eq!(
        mean(Distribution::empirical(vec![second(1), second(2)])),
        Span::millis(1500)
    );
}

//! The run's files joined with the truth's.

use super::measure::Ranked;
use super::{EvalError, TwinShare, TypologyRecall};
use crate::model::finding::Family;
use polars::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// One family's ranking.
pub(super) struct FamilyTable {
    pub family: String,
    pub parcels_true: usize,
    pub ranking: Vec<Ranked>,
}

/// All that is measured.
pub(super) struct Tables {
    /// By family, in the order of the alphabet.
    pub families: Vec<FamilyTable>,
    /// Any family.
    pub all: FamilyTable,
    pub typologies: Vec<TypologyRecall>,
    pub twins: Vec<TwinShare>,
}

impl Tables {
    pub fn read(out: &Path, truth: &Path, twins: Option<&Path>) -> Result<Tables, EvalError> {
        let fail = |file: &Path| {
            let file = file.to_owned();
            move |source| EvalError::Table { file, source }
        };
        let truth_rows = scan(truth)
            .map(|frame| frame.select([text("parcel_id"), text("family"), text("typology")]))
            .map_err(fail(truth))?;
        let mut counts: BTreeMap<String, usize> =
            Family::REVENUE.into_iter().map(|f| (f.name().to_owned(), 0)).collect();
        let real = truth_rows.clone().group_by([col("parcel_id"), col("family")]).agg([len().alias("real")]);
        let per_family = real
            .clone()
            .group_by([col("family")])
            .agg([len().alias("parcels")])
            .collect()
            .map_err(fail(truth))?;
        for (family, parcels) in strings(&per_family, "family")
            .and_then(|f| Ok(f.into_iter().zip(numbers(&per_family, "parcels")?)))
            .map_err(fail(truth))?
        {
            counts.insert(family, parcels);
        }
        let flags = flags(out, counts.keys()).map_err(fail(out))?;
        let families = rankings(&flags, &real, &counts).map_err(fail(out))?;
        let any = flags.clone().group_by([col("parcel_id")]).agg([
            col("rank").first(),
            col("parcel_revenue").first(),
            col("risk_score").first(),
        ]);
        let all = overall(&any, &real).map_err(fail(out))?;
        let typologies = typologies(&truth_rows, &flags, &any).map_err(fail(truth))?;
        let twins = match twins {
            Some(file) => wrongly_flagged(file, &any).map_err(fail(file))?,
            None => Vec::new(),
        };
        Ok(Tables { families, all, typologies, twins })
    }
}

fn scan(file: &Path) -> PolarsResult<LazyFrame> {
    let args = ScanArgsParquet { glob: false, ..ScanArgsParquet::default() };
    LazyFrame::scan_parquet(PlRefPath::try_from_path(file)?, args)
}

fn text(name: &str) -> Expr {
    col(name).cast(DataType::String)
}

fn number(name: &str) -> Expr {
    col(name).cast(DataType::Float64).fill_null(lit(0.0))
}

/// One row per flagged parcel and measured family: highest score, highest revenue, the parcel's rank and revenue.
fn flags<'a>(out: &Path, families: impl Iterator<Item = &'a String>) -> PolarsResult<LazyFrame> {
    let parcels = scan(&out.join("flagged_parcels.parquet"))?.select([
        text("parcel_id"),
        col("rank").cast(DataType::Int64),
        number("revenue_at_risk").alias("parcel_revenue"),
        number("risk_score"),
    ]);
    let measured = families.fold(lit(false), |any, family| any.or(col("family").eq(lit(family.as_str()))));
    let found = scan(&out.join("flags.parquet"))?
        .select([text("parcel_id"), text("family"), number("score"), number("revenue_at_risk")])
        .filter(measured)
        .group_by([col("parcel_id"), col("family")])
        .agg([col("score").max(), col("revenue_at_risk").max()]);
    Ok(found.join(parcels, [col("parcel_id")], [col("parcel_id")], JoinArgs::new(JoinType::Inner)))
}

fn rankings(
    flags: &LazyFrame,
    real: &LazyFrame,
    counts: &BTreeMap<String, usize>,
) -> PolarsResult<Vec<FamilyTable>> {
    let keys = [col("parcel_id"), col("family")];
    let ranked = flags
        .clone()
        .join(real.clone(), &keys, &keys, JoinArgs::new(JoinType::Left))
        .sort_by_exprs(
            [col("family"), col("score"), col("rank"), col("parcel_id")],
            SortMultipleOptions::default().with_order_descending_multi([false, true, false, false]),
        )
        .collect()?;
    let mut rankings: BTreeMap<&str, Vec<Ranked>> = counts.keys().map(|f| (f.as_str(), Vec::new())).collect();
    let families = strings(&ranked, "family")?;
    for (family, row) in families.iter().zip(rows(&ranked, "revenue_at_risk", "score")?) {
        if let Some(ranking) = rankings.get_mut(family.as_str()) {
            ranking.push(row);
        }
    }
    Ok(rankings
        .into_iter()
        .zip(counts.values())
        .map(|((family, ranking), &parcels_true)| FamilyTable {
            family: family.to_owned(),
            parcels_true,
            ranking,
        })
        .collect())
}

fn overall(any: &LazyFrame, real: &LazyFrame) -> PolarsResult<FamilyTable> {
    let key = [col("parcel_id")];
    let real = real.clone().group_by(&key).agg([len().alias("real")]);
    let parcels_true = real.clone().select([len().alias("parcels")]).collect()?;
    let ranked = any
        .clone()
        .join(real, &key, &key, JoinArgs::new(JoinType::Left))
        .sort_by_exprs([col("rank"), col("parcel_id")], SortMultipleOptions::default())
        .collect()?;
    Ok(FamilyTable {
        family: "all".to_owned(),
        parcels_true: numbers(&parcels_true, "parcels")?.first().copied().unwrap_or_default(),
        ranking: rows(&ranked, "parcel_revenue", "risk_score")?,
    })
}

fn typologies(truth: &LazyFrame, flags: &LazyFrame, any: &LazyFrame) -> PolarsResult<Vec<TypologyRecall>> {
    let both = [col("parcel_id"), col("family")];
    let key = [col("parcel_id")];
    let counted = truth
        .clone()
        .group_by([col("parcel_id"), col("family"), col("typology")])
        .agg([len().alias("rows")])
        .join(
            flags.clone().select([col("parcel_id"), col("family"), col("score")]),
            &both,
            &both,
            JoinArgs::new(JoinType::Left),
        )
        .join(any.clone().select([col("parcel_id"), col("rank")]), &key, &key, JoinArgs::new(JoinType::Left))
        .group_by([col("family"), col("typology")])
        .agg([
            len().alias("parcels"),
            col("score").count().alias("flagged"),
            col("rank").count().alias("any"),
        ])
        .sort_by_exprs([col("family"), col("typology")], SortMultipleOptions::default())
        .collect()?;
    let names = strings(&counted, "family")?.into_iter().zip(strings(&counted, "typology")?);
    let figures = numbers(&counted, "parcels")?
        .into_iter()
        .zip(numbers(&counted, "flagged")?)
        .zip(numbers(&counted, "any")?);
    Ok(names
        .zip(figures)
        .map(|((family, typology), ((parcels, flagged), flagged_in_any))| TypologyRecall {
            family,
            typology,
            parcels,
            flagged,
            flagged_in_any,
            recall: flagged as f64 / parcels as f64,
        })
        .collect())
}

fn wrongly_flagged(file: &Path, any: &LazyFrame) -> PolarsResult<Vec<TwinShare>> {
    let key = [col("parcel_id")];
    let counted = scan(file)?
        .select([text("parcel_id"), text("twin")])
        .group_by([col("parcel_id"), col("twin")])
        .agg([len().alias("rows")])
        .join(any.clone().select([col("parcel_id"), col("rank")]), &key, &key, JoinArgs::new(JoinType::Left))
        .group_by([col("twin")])
        .agg([len().alias("parcels"), col("rank").count().alias("flagged")])
        .sort_by_exprs([col("twin")], SortMultipleOptions::default())
        .collect()?;
    let figures = numbers(&counted, "parcels")?.into_iter().zip(numbers(&counted, "flagged")?);
    Ok(strings(&counted, "twin")?
        .into_iter()
        .zip(figures)
        .map(|(twin, (parcels, flagged))| TwinShare {
            twin,
            parcels,
            flagged,
            share: flagged as f64 / parcels as f64,
        })
        .collect())
}

fn strings(frame: &DataFrame, column: &str) -> PolarsResult<Vec<String>> {
    Ok(frame.column(column)?.str()?.iter().map(|s| s.unwrap_or_default().to_owned()).collect())
}

fn numbers(frame: &DataFrame, column: &str) -> PolarsResult<Vec<usize>> {
    let cells = frame.column(column)?.cast(&DataType::Int64)?;
    Ok(cells.i64()?.iter().map(|n| n.unwrap_or_default() as usize).collect())
}

/// Truth, revenue and probability of each row.
fn rows(frame: &DataFrame, revenue: &str, probability: &str) -> PolarsResult<Vec<Ranked>> {
    let real = frame.column("real")?.is_not_null();
    let revenue = frame.column(revenue)?.f64()?;
    let probability = frame.column(probability)?.f64()?;
    Ok(real
        .iter()
        .zip(revenue.iter().zip(probability.iter()))
        .map(|(real, (revenue, probability))| Ranked {
            real: real == Some(true),
            revenue: revenue.unwrap_or_default(),
            probability: probability.unwrap_or_default(),
        })
        .collect())
}

//! The command line: what can be typed, with its help.

use crate::cmd;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Screens postal and express parcel manifests overnight and lists, ranked and explained, the parcels that are
/// probably split, under-invoiced or abusing de minimis relief.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "First steps:
  parcel-risk init first                              a job file and sample manifests in a folder
  parcel-risk run first/nightly.toml                  screen them; first/out/report.html is the report
  parcel-risk explain first/out LX301246082CN         the whole story of one parcel
  parcel-risk synth --parcels 100000 --seed 1 --destination DE --date 2026-05-20 --out synth
                                                      make manifests with known frauds
Exit status: 0 done; 1 the run failed and nothing was touched; 2 usage or configuration;
3 done, but records were quarantined and --strict was given.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The nightly batch: read, normalise, resolve, detect, score, write.
    Run(RunArgs),
    /// Which layout files are of, what becomes what, their first lines as they would be read, and what a run would set
    /// aside.
    Check(CheckArgs),
    /// Customs' corrections that messages carry, as a truth for `eval`.
    Labels(LabelsArgs),
    /// Make synthetic manifests of both channels with planted frauds, honest look-alikes and their truth.
    Synth(SynthArgs),
    /// Hold a run against a truth: precision, recall, precision@k, revenue@k.
    Eval(EvalArgs),
    /// Why a parcel was flagged, in sentences with the numbers.
    Explain(ExplainArgs),
    /// Write OUT/report.html again from the Parquet files.
    Report(ReportArgs),
    /// The detectors that are built in, with their documentation.
    Detectors(DetectorsArgs),
    /// The dated law of low-value imports that is built in.
    Regimes(RegimesArgs),
    /// The input columns and the output files.
    #[command(after_help = "Example:
  parcel-risk schema | less")]
    Schema,
    /// Make a folder with a commented job file and sample manifests, ready to run.
    Init(InitArgs),
    /// Hit rates from what officers found: by detector, by rank, and what the random sample says of what was missed.
    Feedback(FeedbackArgs),
    /// Print the completions of a shell.
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all subcommands.
    Man(ManArgs),
}

/// How progress is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Bars on a terminal, lines elsewhere, a summary on standard output.
    Text,
    /// A line of JSON an event, on standard error; the last one is the summary.
    Json,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  parcel-risk run nightly.toml --date 2026-07-15
  parcel-risk run nightly.toml --log json 2> nightly.log
  parcel-risk run nightly.toml --set detectors.split-window.days=7 --set output.entity_links=true
  parcel-risk run --postal 'in/post-*.csv.gz' --express in/express.parquet \\
      --destination DE --date 2026-07-15 --rates eurofxref-hist.csv --out out/2026-07-15")]
pub struct RunArgs {
    /// Job file, TOML; its paths are relative to its folder. Flags win over it, `--set` over both.
    pub job: Option<PathBuf>,
    /// Postal manifests: paths or patterns of CSV, JSON Lines, Parquet, or messages in XML, JSON and text; packed
    /// (.gz, .zst) and in archives (.zip, .tar, .tgz) too. `{date}` stands for the night.
    #[arg(long, num_args = 1.., value_name = "GLOB")]
    pub postal: Vec<String>,
    /// Express manifests.
    #[arg(long, num_args = 1.., value_name = "GLOB")]
    pub express: Vec<String>,
    /// Country of import, ISO 3166-1 alpha-2.
    #[arg(long, value_name = "CC")]
    pub destination: Option<String>,
    /// The night to screen: dates of records are judged by it.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<String>,
    /// Output folder; an earlier run in it is replaced as one. `{date}` stands for the night.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Euro reference rates, layout of the European Central Bank's eurofxref-hist.csv.
    #[arg(long, value_name = "FILE")]
    pub rates: Option<PathBuf>,
    /// Read files by a preset or mapping file instead of telling their layout by their content; all files where no
    /// pattern is given.
    #[arg(long, value_name = "[GLOB=]NAME|FILE")]
    pub mapping: Vec<String>,
    /// Flag only so much that at most this share of each family's flagged parcels is expected to be false.
    #[arg(long, value_name = "SHARE")]
    pub false_flags: Option<f64>,
    /// Set any key of the job file, dotted; wins over the file and over flags. Its paths are relative to the job file's
    /// folder, as those in the file are.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Exit with status 3 when records were quarantined.
    #[arg(long)]
    pub strict: bool,
    /// Say nothing but errors.
    #[arg(long, short)]
    pub quiet: bool,
    /// How progress is told.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log: LogFormat,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  parcel-risk check in/*.xml
  parcel-risk check broker.csv --mapping broker.toml --lines 2
  parcel-risk check --job nightly.toml       the files of a job, judged by its night, law and rates
  parcel-risk check --preset h7-csv          a mapping file to start from")]
pub struct CheckArgs {
    /// Paths or patterns of files.
    #[arg(required_unless_present_any = ["preset", "job"], value_name = "FILE")]
    pub files: Vec<String>,
    /// Check the files of this job as it would read them.
    #[arg(long, value_name = "JOB", conflicts_with = "files")]
    pub job: Option<PathBuf>,
    /// Country of import; each record's own addressee decides where it is not given.
    #[arg(long, value_name = "CC")]
    pub destination: Option<String>,
    /// The night by which dates are judged; the newest day in the files where it is not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<String>,
    /// Euro reference rates; currencies are not judged where they are not given.
    #[arg(long, value_name = "FILE")]
    pub rates: Option<PathBuf>,
    /// Read them by this preset or mapping file.
    #[arg(long, value_name = "NAME|FILE")]
    pub mapping: Option<String>,
    /// How many lines to show.
    #[arg(long, default_value_t = 3)]
    pub lines: usize,
    /// Print a built-in mapping file; `list` names them.
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
}

/// Arguments of `labels`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  parcel-risk labels in/*.xml --out truth.parquet && parcel-risk eval out/2026-07-15 --truth truth.parquet")]
pub struct LabelsArgs {
    /// Paths or patterns of files of messages.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// Read them by this preset or mapping file.
    #[arg(long, value_name = "NAME|FILE")]
    pub mapping: Option<String>,
    /// The file to write, Parquet.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Arguments of `synth`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  parcel-risk synth --parcels 100000 --seed 1 --destination DE --date 2026-05-20 --out synth
  parcel-risk synth --parcels 5000 --fraud 0 --format csv,parquet --destination US \\
      --date 2025-08-01 --out honest")]
pub struct SynthArgs {
    /// How many parcels, both channels together.
    #[arg(long, default_value_t = 100_000)]
    pub parcels: usize,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Country of import.
    #[arg(long, value_name = "CC")]
    pub destination: String,
    /// The night.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: String,
    /// Folder for the files.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Formats of the manifests: csv, parquet; of postal ones itmatt, itmatt-json, itmatt-csv; of express ones xfzb,
    /// xfhl, fhl; of both h7, h7-csv. A channel that none of them carries is written as Parquet.
    #[arg(long, value_delimiter = ',', default_value = "parquet", value_name = "FORMAT")]
    pub format: Vec<String>,
    /// Share of parcels that are fraudulent; 0 makes an honest world.
    #[arg(long, default_value_t = 0.06)]
    pub fraud: f64,
    /// How well the frauds hide: easy, default or hard.
    #[arg(long, default_value = "default")]
    pub difficulty: String,
}

/// Arguments of `eval`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  parcel-risk eval out/synth --truth synth/truth.parquet --json")]
pub struct EvalArgs {
    /// Output folder of a run.
    pub out: PathBuf,
    /// The truth, as `synth` writes it.
    #[arg(long, value_name = "FILE")]
    pub truth: PathBuf,
    /// The honest look-alikes; `twins.parquet` beside the truth where it is not given.
    #[arg(long, value_name = "FILE")]
    pub twins: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  parcel-risk explain out/nightly LX301246082CN")]
pub struct ExplainArgs {
    /// Output folder of a run.
    pub out: PathBuf,
    /// Item identifier or house waybill number.
    pub parcel_id: String,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  parcel-risk report out/2026-07-15")]
pub struct ReportArgs {
    /// Output folder of a run; earlier nights are those that its job names in `report.earlier`, or the folders beside it.
    pub out: PathBuf,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  parcel-risk init first && parcel-risk run first/nightly.toml")]
pub struct InitArgs {
    /// Folder to make; it must be new or empty.
    pub dir: PathBuf,
}

/// Arguments of `feedback`.
#[derive(Debug, Args)]
#[command(
    after_help = "FILE is CSV with the columns parcel_id, result, corrected_value, corrected_hs, by, on; only the
first two are required. `result` is irregular, regular or open. Of several lines on one parcel
the latest `on` counts.

Example:
  parcel-risk feedback out/2026-07-15 findings.csv"
)]
pub struct FeedbackArgs {
    /// Output folder of a run.
    pub out: PathBuf,
    /// What officers found, CSV.
    pub file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  parcel-risk completions bash > ~/.local/share/bash-completion/completions/parcel-risk
  parcel-risk completions zsh > ~/.zfunc/_parcel-risk
  parcel-risk completions fish > ~/.config/fish/completions/parcel-risk.fish")]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  parcel-risk man | man -l -
  parcel-risk man --out ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Folder for the pages of the program and of every subcommand.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Arguments of `detectors`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  parcel-risk detectors split-linked")]
pub struct DetectorsArgs {
    /// One detector: its whole documentation and settings.
    pub id: Option<String>,
}

/// Arguments of `regimes`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  parcel-risk regimes --country DE --date 2026-07-01")]
pub struct RegimesArgs {
    /// Country of import; all countries where it is not given.
    #[arg(long, value_name = "CC")]
    pub country: Option<String>,
    /// Day on which the rules hold; all days where it is not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<String>,
    /// A file of rows that replace the built-in ones.
    #[arg(long, value_name = "FILE")]
    pub regimes: Option<PathBuf>,
}

impl Cli {
    /// Does what was asked and returns the exit status; errors go to standard error.
    pub fn run(self) -> ExitCode {
        let machine = matches!(&self.command, Command::Run(args) if args.log == LogFormat::Json);
        let result = match self.command {
            Command::Run(args) => cmd::run::execute(args),
            Command::Check(args) => cmd::check::execute(&args),
            Command::Labels(args) => cmd::labels::execute(&args),
            Command::Synth(args) => cmd::synth::execute(&args),
            Command::Eval(args) => cmd::eval::execute(&args),
            Command::Explain(args) => cmd::explain::execute(&args),
            Command::Report(args) => cmd::report::execute(&args),
            Command::Detectors(args) => cmd::detectors::execute(&args),
            Command::Regimes(args) => cmd::regimes::execute(&args),
            Command::Schema => cmd::schema::execute(),
            Command::Init(args) => cmd::init::execute(&args),
            Command::Feedback(args) => cmd::feedback::execute(&args),
            Command::Completions(args) => cmd::completions::execute(&args),
            Command::Man(args) => cmd::man::execute(&args),
        };
        match result {
            Ok(status) => ExitCode::from(status),
            Err(error) => {
                if machine {
                    cmd::complain_json(&error);
                } else {
                    cmd::complain(&error);
                }
                ExitCode::from(error.exit_code())
            }
        }
    }
}

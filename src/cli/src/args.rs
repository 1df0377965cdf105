//! The command line: what there is to say. Each subcommand keeps its own options in its own file.

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::{capture, command, demo, device, doctor, receive, run, send, sign, up};

/// Cameras, IoT clouds and photos that arrive whole; with a cloud of its own for this computer
#[derive(Parser, Debug)]
#[command(name = "faceiot", bin_name = "faceiot", version, max_term_width = 110, after_help = EXIT_CODES)]
#[command(
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Subcommands,
}

/// What every subcommand understands; its help shows them after its own options.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Global {
    /// Answer in JSON: one document, or one a line where the answer goes on
    #[arg(long, global = true, display_order = 900)]
    pub(crate) json: bool,
    /// Log more; twice: everything
    #[arg(short, long, global = true, display_order = 901, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Log less; twice: errors only
    #[arg(short, long, global = true, display_order = 902, action = ArgAction::Count)]
    pub(crate) quiet: u8,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Subcommands {
    /// Run the local cloud: MQTT for Aliyun and Huawei devices, HTTP and a page
    #[command(after_help = up::EXAMPLES)]
    Up(up::UpCommand),
    /// Show the whole chain on this computer, with two devices and two real photographs
    #[command(after_help = demo::EXAMPLES)]
    Demo(demo::DemoCommand),
    /// Say who may log in to the local cloud
    #[command(after_help = device::EXAMPLES)]
    Device(device::DeviceCommand),
    /// Send photos as a device
    #[command(after_help = send::EXAMPLES)]
    Send(send::SendCommand),
    /// Take photos with a camera
    #[command(after_help = capture::CAPTURE_EXAMPLES)]
    Capture(capture::CaptureCommand),
    /// Show the cameras of this computer, what they can, and which one `auto` takes
    #[command(after_help = capture::CAMERAS_EXAMPLES)]
    Cameras(capture::CamerasCommand),
    /// Write the photos that reach the local cloud into a folder, as they arrive
    #[command(after_help = receive::EXAMPLES)]
    Receive(receive::ReceiveCommand),
    /// Give a device of the local cloud a command and wait for its answer
    #[command(after_help = command::EXAMPLES)]
    Command(command::ToDevice),
    /// Run a Python script as it is, with the modules it expects and the local cloud in its cloud's place
    #[command(after_help = run::EXAMPLES)]
    Run(run::RunCommand),
    /// Show what a device sends to log in, and the text that is signed
    #[command(after_help = sign::EXAMPLES)]
    Sign(sign::SignCommand),
    /// Check a signature and say where what was signed differs
    #[command(after_help = sign::VERIFY_EXAMPLES)]
    Verify(sign::VerifyCommand),
    /// Look at every step from this computer to the cloud and say which one fails
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(doctor::DoctorCommand),
}

const EXIT_CODES: &str = "\
Start here:
  faceiot demo
  faceiot up

Exit codes: 0 done, 1 failed, 2 not understood, 130 interrupted (Ctrl-C); doctor: 10 to 19, see there.
The log goes to standard error (RUST_LOG sets its levels in detail); NO_COLOR turns colours off.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Every example of every help text, as a shell would split it.
    fn examples(command: &clap::Command, found: &mut Vec<Vec<String>>) {
        let text = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        for line in text.lines().filter_map(|line| line.strip_prefix("  faceiot ")) {
            // Three blanks separate a remark.
            let line = line.split("   ").next().unwrap_or_default();
            let quoted = line
                .split('\'')
                .enumerate()
                .flat_map(|(index, part)| -> Vec<String> {
                    if index % 2 == 1 {
                        vec![part.to_owned()]
                    } else {
                        part.split_whitespace().map(str::to_owned).collect()
                    }
                });
            found.push(std::iter::once("faceiot".to_owned()).chain(quoted).collect());
        }
        command
            .get_subcommands()
            .for_each(|subcommand| examples(subcommand, found));
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_example_in_the_help_is_understood() {
        let mut found = Vec::new();
        examples(&Cli::command(), &mut found);
        assert!(found.len() > 25, "{found:?}");
        for line in found {
            if let Err(error) = Cli::try_parse_from(&line) {
                panic!("{line:?}: {error}");
            }
        }
    }
}

//! The terminal while it is ours, and back as it was.

use std::io::{self, Stdout, Write, stdout};
use std::panic;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::{Frame, Terminal};
use signal_hook::consts::SIGTSTP;
use signal_hook::low_level::emulate_default_handler;

/// The whole of a terminal. However it ends, by dropping it or by a panic, the terminal is then as
/// it was.
pub(crate) struct FullScreen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl FullScreen {
    pub(crate) fn enter() -> io::Result<FullScreen> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // First, so that what the panic says is readable. A second panic here would say nothing.
            let _ = leave(&mut stdout());
            before(panic);
        }));
        enter(&mut stdout())?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout()));
        match terminal {
            Ok(terminal) => Ok(FullScreen { terminal }),
            Err(error) => {
                leave(&mut stdout())?;
                Err(error)
            }
        }
    }

    pub(crate) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(view)?;
        Ok(())
    }

    /// Stops the process, as the shell's Ctrl-Z does, and goes on when it is told to.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        leave(&mut stdout())?;
        emulate_default_handler(SIGTSTP)?;
        enter(&mut stdout())?;
        self.terminal.clear()
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        // With the terminal gone there is nothing to restore.
        let _ = leave(&mut stdout());
    }
}

fn enter(out: &mut impl Write) -> io::Result<()> {
    enable_raw_mode()?;
    execute!(out, EnterAlternateScreen, Hide).inspect_err(|_| {
        let _ = leave(&mut stdout());
    })
}

/// Both halves are tried, whatever becomes of the first.
fn leave(out: &mut impl Write) -> io::Result<()> {
    let written = execute!(out, Show, LeaveAlternateScreen);
    disable_raw_mode()?;
    written
}

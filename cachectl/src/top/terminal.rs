//! The terminal while it is ours, and back as it was.

use std::io::{self, Stdout, stdout};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::{Frame, Terminal};
use signal_hook::consts::SIGTSTP;
use signal_hook::low_level::emulate_default_handler;

type Screen = Terminal<CrosstermBackend<Stdout>>;

/// The whole of a terminal. However it ends, by dropping it or by a panic, the terminal is then as
/// it was.
pub(crate) struct FullScreen {
    terminal: Screen,
}

impl FullScreen {
    pub(crate) fn enter() -> io::Result<FullScreen> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // First, so that what the panic says is readable. A second panic here would say nothing.
            let _ = leave();
            before(panic);
        }));
        enter()?;
        match blank() {
            Ok(terminal) => Ok(FullScreen { terminal }),
            Err(error) => {
                leave()?;
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
        leave()?;
        emulate_default_handler(SIGTSTP)?;
        enter()?;
        // To clear the old one, the cursor's place would be asked for: whoever reads keys gets that.
        self.terminal = blank()?;
        Ok(())
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        // With the terminal gone there is nothing to restore.
        let _ = leave();
    }
}

/// A screen with nothing on it.
fn blank() -> io::Result<Screen> {
    Terminal::new(CrosstermBackend::new(stdout()))
}

/// Whether it is ours: left twice, the cursor would be put back over what was printed since.
static IS_OURS: AtomicBool = AtomicBool::new(false);

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    IS_OURS.store(true, Ordering::Relaxed);
    execute!(stdout(), EnterAlternateScreen, Hide).inspect_err(|_| {
        // The first failure says more.
        let _ = leave();
    })
}

/// Both halves are tried, whatever becomes of the first.
fn leave() -> io::Result<()> {
    if !IS_OURS.swap(false, Ordering::Relaxed) {
        return Ok(());
    }
    let written = execute!(stdout(), Show, LeaveAlternateScreen);
    disable_raw_mode()?;
    written
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;
    use crate::top::tmux::Terminal;

    #[test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "needs a terminal, which the next test gives it"]
    fn panics_on_the_full_screen() {
        let _screen = FullScreen::enter().expect("a terminal");
        panic!("on purpose");
    }

    #[test]
    fn what_a_panic_says_would_be_lost_with_the_screen() {
        let program = env::current_exe().expect("this program");
        let test = "top::terminal::tests::panics_on_the_full_screen";
        let script = format!(
            "cd \"${{TMUX%/*}}\"; stty -g > before; RUST_BACKTRACE=0 {} --exact {test} --ignored --nocapture; \
             stty -g > after",
            program.display()
        );
        let terminal = Terminal::run(&script, 80, 24);
        let after = terminal.wait_for_line(&terminal.file("after"));
        assert_eq!(after, terminal.wait_for_line(&terminal.file("before")));
        // It was said when the screen was the shell's again, and it ran at all.
        terminal.wait_for("what the panic says", |screen| {
            screen.contains("on purpose") && screen.contains("1 passed")
        });
        let seen = terminal.tmux(&["display", "-p", "#{alternate_on} #{cursor_flag}"]);
        assert_eq!(seen, "0 1\n");
    }
}

//! What `top` shows, drawn from its state alone.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear, Padding, Widget};
use unicode_width::UnicodeWidthStr;

use super::alarms::alarms;
use super::keys::{self, KEYS};
use super::listing::Listing;
use super::look::{Look, Mark};
use super::panel::{Pair, Panel, behind, draw_pairs, heading, names_width, put};
use super::screens::SCREENS;
use super::state::{Act, Overlay, Source, State};
use crate::figure::Figure;
use crate::report::Lookup;

/// Below this, nothing can be read.
const LEAST: (u16, u16) = (40, 10);

/// What a panel needs to be wide enough for what it shows.
const PANEL_WIDTH: u16 = 40;

/// From this width on, the panels of a table stand beside it.
const WIDE: u16 = 120;

/// Draws everything.
pub(crate) fn view(state: &State, frame: &mut Frame<'_>) {
    let area = frame.area();
    let look = state.look;
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let words = format!(
            "{}x{} is too small: {}x{} at least",
            area.width, area.height, LEAST.0, LEAST.1
        );
        put(frame.buffer_mut(), area, &words, look.of(Mark::Plain), look);
        return;
    }
    let [top, tabs, body, notice, bottom] = lines(state, area);
    let buffer = frame.buffer_mut();
    draw_server(state, top, buffer);
    draw_tabs(state, tabs, buffer);
    let cursor = draw_screen(state, body, buffer);
    draw_notice(state, notice, buffer);
    let typing = draw_bottom(state, bottom, buffer);
    let cursor = match &state.overlay {
        None => cursor,
        Some(Overlay::Filter) => Some(typing),
        Some(overlay) => draw_overlay(state, overlay, body, buffer),
    };
    if let Some((x, y)) = cursor {
        frame.set_cursor_position(Position { x, y });
    }
}

/// The lines of the screen: of the server, its tabs, what they show, what is to be said, the keys.
fn lines(state: &State, area: Rect) -> [Rect; 5] {
    let notice = notice_lines(state, area).len() as u16;
    let mut from = area.y;
    [1, 1, area.height - 3 - notice, notice, 1].map(|height| {
        let line = Rect {
            y: from,
            height,
            ..area
        };
        from += height;
        line
    })
}

fn draw_server(state: &State, area: Rect, buffer: &mut Buffer) {
    let data = state.data();
    let reports = &data.reports;
    let cached = reports.report("stats cached");
    let version = cached.and_then(|cached| cached.text("cached_version"));
    let from = match &state.source {
        Source::Server(place) => format!("at {place}"),
        Source::Recording(file) => format!("recorded in {file}"),
    };
    let host = state
        .host()
        .map_or(String::new(), |host| format!(" on {host}"));
    let uptime = Figure::of(reports.real("stats", "uptime"), Figure::Span);
    let mut words = format!(
        "cached {}{host} {from}, up {uptime}",
        version.unwrap_or("?")
    );
    if !state.is_replay() {
        let interval = Figure::Span(state.interval.as_secs_f64());
        words = format!("{words}, every {interval}");
    }
    let signs = [
        (state.read_only, "read-only"),
        (state.records, "recording"),
        (state.is_frozen() && !state.is_replay(), "FROZEN"),
        (state.is_frozen() && state.is_replay(), "PAUSED"),
        (state.ended, "END"),
    ];
    let mut end = clock(data.time);
    for (_, sign) in signs.iter().rev().filter(|(is, _)| *is) {
        end = format!("[{sign}] {end}");
    }
    let width = (end.width() as u16).min(area.width);
    let left = Rect {
        width: (area.width - width).saturating_sub(1),
        ..area
    };
    put(buffer, left, &words, state.look.of(Mark::Plain), state.look);
    let right = behind(area, area.width - width);
    put(buffer, right, &end, Look::title(), state.look);
}

/// The time of day in UTC.
fn clock(milliseconds: u64) -> String {
    let of_day = milliseconds / 1000 % (24 * 60 * 60);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{hour:02}:{minute:02}:{second:02}Z")
}

fn draw_tabs(state: &State, area: Rect, buffer: &mut Buffer) {
    let titles: usize = SCREENS.iter().map(|it| it.title.width() + 3).sum();
    let all_fit = titles <= usize::from(area.width);
    let mut from = 0;
    let mut before = " ";
    for (number, screen) in SCREENS.iter().enumerate() {
        let is_current = number == state.current;
        let title = if all_fit || is_current {
            format!("{} {}", number + 1, screen.title)
        } else {
            format!("{}", number + 1)
        };
        // The signs say it where reversed colours cannot be seen.
        let (open, close, style) = if is_current {
            ("[", "]", Look::selected())
        } else {
            (before, " ", state.look.of(Mark::Plain))
        };
        from += put(buffer, behind(area, from), open, Style::new(), state.look);
        from += put(buffer, behind(area, from), &title, style, state.look);
        before = close;
    }
    put(buffer, behind(area, from), before, Style::new(), state.look);
}

/// Draws the screen's panels and its table; returns where the row is that one is at.
fn draw_screen(state: &State, area: Rect, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let screen = state.screen();
    let scene = state.scene();
    let panels = (screen.panels)(&scene);
    let Some(listing) = screen.listing else {
        draw_grid(&panels, area, state.look, buffer);
        return None;
    };
    let listing = listing(&scene);
    let (panels_area, table) = split(&panels, area);
    if area.width >= WIDE {
        draw_column(&panels, panels_area, state.look, buffer);
    } else {
        draw_rows(&panels, panels_area, state.look, buffer);
    }
    draw_listing(state, &listing, table, buffer)
}

fn draw_listing(
    state: &State,
    listing: &Listing<'_>,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let screen = state.screen();
    let title = match screen.modes.get(state.place().mode) {
        Some(mode) => format!("{} ({mode})", listing.title),
        None => listing.title.to_owned(),
    };
    listing.draw(&title, &state.place().sight, area, state.look, buffer)
}

/// Where the panels of a table are, and where the table.
fn split(panels: &[Panel], area: Rect) -> (Rect, Rect) {
    if panels.is_empty() {
        return (Rect { height: 0, ..area }, area);
    }
    if area.width >= WIDE {
        let table = Rect {
            width: area.width - PANEL_WIDTH - 2,
            ..area
        };
        return (behind(area, table.width + 2), table);
    }
    // The table has more than half.
    let wanted: u16 = rows(panels, area.width).map(tallest).sum();
    let height = wanted.min(area.height.saturating_sub(3) / 2);
    let above = Rect { height, ..area };
    let table = Rect {
        y: area.y + height,
        height: area.height - height,
        ..area
    };
    (above, table)
}

/// The panels that stand side by side, row by row.
fn rows(panels: &[Panel], width: u16) -> impl Iterator<Item = &[Panel]> {
    panels.chunks(columns(panels, width))
}

fn columns(panels: &[Panel], width: u16) -> usize {
    usize::from(width / PANEL_WIDTH).clamp(1, panels.len().max(1))
}

fn tallest(row: &[Panel]) -> u16 {
    row.iter().map(Panel::height).max().unwrap_or(0)
}

/// Panels above a table: whole while there is room, then their first lines.
fn draw_rows(panels: &[Panel], area: Rect, look: Look, buffer: &mut Buffer) {
    let mut left = area;
    let mut rows = rows(panels, area.width).peekable();
    while let Some(row) = rows.next() {
        let next = u16::from(rows.peek().is_some());
        let height = tallest(row).min(left.height.saturating_sub(next));
        draw_row(row, Rect { height, ..left }, look, buffer);
        left.y += height;
        left.height -= height;
    }
}

/// Panels beside a table.
fn draw_column(panels: &[Panel], area: Rect, look: Look, buffer: &mut Buffer) {
    let mut left = area;
    for panel in panels {
        let height = panel.height().min(left.height);
        panel.draw(Rect { height, ..left }, look, buffer);
        let taken = (height + 1).min(left.height);
        left.y += taken;
        left.height -= taken;
    }
}

/// Panels that have the screen to themselves: as many rows of them as can be whole share its
/// lines, and of the others the first lines are shown.
fn draw_grid(panels: &[Panel], area: Rect, look: Look, buffer: &mut Buffer) {
    const WHOLE: u16 = 6;
    let rows = rows(panels, area.width).count() as u16;
    let whole = (area.height.saturating_sub(rows) / (WHOLE - 1)).min(rows);
    let shared = area.height.saturating_sub(rows - whole);
    let mut left = area;
    for (number, row) in self::rows(panels, area.width).enumerate() {
        let number = number as u16;
        let height = if number < whole {
            shared / whole + u16::from(number < shared % whole)
        } else {
            1
        };
        let height = height.min(left.height);
        draw_row(row, Rect { height, ..left }, look, buffer);
        left.y += height;
        left.height -= height;
    }
}

/// Panels side by side.
fn draw_row(row: &[Panel], area: Rect, look: Look, buffer: &mut Buffer) {
    const BETWEEN: u16 = 1;
    let count = (row.len() as u16).max(1);
    let width = area.width / count;
    for (number, panel) in row.iter().enumerate() {
        let place = Rect {
            width,
            ..behind(area, number as u16 * width)
        };
        let is_last = number + 1 == row.len();
        let place = if is_last {
            behind(area, number as u16 * width)
        } else {
            Rect {
                width: width.saturating_sub(BETWEEN),
                ..place
            }
        };
        panel.draw(place, look, buffer);
    }
}

/// What must be said, whatever screen is shown.
fn notice(state: &State) -> Option<(Mark, String)> {
    if let Some(message) = &state.message {
        return Some(message.clone());
    }
    let data = state.data();
    if let Some((milliseconds, why)) = &data.silence {
        let since = Figure::Span((*milliseconds / 1000) as f64);
        return Some((Mark::Bad, format!("no answer for {since}: {why}")));
    }
    let screen = state.screen();
    let refused = (screen.asks)(state.place().mode)
        .iter()
        .find_map(|request| data.reports.refusal(request));
    if let Some(why) = refused {
        return Some((Mark::Warn, format!("the server does not tell: {why}")));
    }
    let mut alarms = alarms(&data.reports);
    // The overview has them all.
    if state.current == 0 || alarms.is_empty() {
        return None;
    }
    let more = alarms.len() - 1;
    let (mark, mut words) = alarms.swap_remove(0);
    if more > 0 {
        words = format!("{words} (and {more} more on screen 1)");
    }
    Some((mark, words))
}

/// The same in as many lines as are to spare on a screen so large.
fn notice_lines(state: &State, screen: Rect) -> Vec<(Mark, String)> {
    const EACH: u16 = 10;
    let Some((mark, words)) = notice(state) else {
        return Vec::new();
    };
    let words = format!("{}{words}", mark.sign());
    let mut lines = state.look.wrap(&words, screen.width.into());
    lines.truncate(usize::from(screen.height / EACH));
    lines.into_iter().map(|line| (mark, line)).collect()
}

fn draw_notice(state: &State, area: Rect, buffer: &mut Buffer) {
    for (row, (mark, line)) in area.rows().zip(notice_lines(state, *buffer.area())) {
        put(buffer, row, &line, state.look.of(mark), state.look);
    }
}

/// Draws the keys, or what is being typed; returns where that is.
fn draw_bottom(state: &State, area: Rect, buffer: &mut Buffer) -> (u16, u16) {
    let look = state.look;
    let mut from = 0;
    if state.overlay == Some(Overlay::Filter) {
        let typed = format!("filter: {}", state.place().sight.filter);
        from = put(buffer, area, &typed, Look::title(), look);
    }
    let typing = (area.x + from.min(area.width - 1), area.y);
    from += u16::from(from > 0) * 2;
    for (label, does) in keys::bar(state) {
        let width = (label.width() + does.width() + 1) as u16;
        let place = behind(area, from);
        if place.width < width {
            break;
        }
        put(buffer, place, label, Look::title(), look);
        let does_at = behind(place, label.width() as u16 + 1);
        put(buffer, does_at, does, look.of(Mark::Dim), look);
        from += width + 2;
    }
    typing
}

/// Draws what lies over the screen; returns where one types.
fn draw_overlay(
    state: &State,
    overlay: &Overlay,
    body: Rect,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    match overlay {
        Overlay::Filter => None,
        Overlay::Help => {
            draw_page(state, "Help", &help(state), body, buffer);
            None
        }
        Overlay::Detail(id) => {
            let scene = state.scene();
            let listing = state.screen().listing?;
            let mut pairs = (listing(&scene).detail)(&scene, id);
            if pairs.is_empty() {
                pairs.push(Pair::new("gone", "the server tells no more of it"));
            }
            let title = format!("{} {id}", state.screen().title);
            draw_page(state, &title, &pairs, body, buffer);
            None
        }
        Overlay::Outcome(title, pairs) => {
            draw_page(state, title, pairs, body, buffer);
            None
        }
        Overlay::Confirm(act) => {
            let question = match act {
                Act::Reload => "Let the server read its configuration again?".to_owned(),
                Act::Kill(id) => format!("End connection {id}?"),
                Act::Flush => "Flush everything?".to_owned(),
            };
            let answer = "y does it, any other key leaves it";
            draw_question(state, &question, answer, body, buffer);
            None
        }
        Overlay::Flush(typed) => {
            let host = state.host().unwrap_or_default();
            let question = format!("This makes void all that {host} has stored.");
            let answer = format!("Type {host} and Enter: {typed}");
            Some(draw_question(state, &question, &answer, body, buffer))
        }
    }
}

fn help(state: &State) -> Vec<Pair> {
    let keys = KEYS.iter().map(|key| {
        let works = (key.works)(state);
        let about = if works {
            key.about.to_owned()
        } else {
            format!("{} (not here)", key.about)
        };
        Pair::new(key.label, about)
    });
    let screens = SCREENS
        .iter()
        .map(|screen| Pair::new(screen.title, screen.about));
    let signs = [
        Pair::new(
            "graphs",
            "a column is two answers of the server, the newest at the right",
        ),
        Pair::new("! !!", "to be looked at, to be mended"),
    ];
    keys.chain(screens).chain(signs).collect()
}

/// Names and values over the whole body.
fn draw_page(state: &State, title: &str, pairs: &[Pair], area: Rect, buffer: &mut Buffer) {
    Clear.render(area, buffer);
    let page = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    let names = names_width(pairs, page);
    let pairs = wrapped(pairs, page.width - names, state.look);
    let height = usize::from(page.height);
    let first = usize::from(state.scroll).min(pairs.len().saturating_sub(height));
    let shown = &pairs[first..];
    let note = if pairs.len() > height {
        let last = (first + height).min(pairs.len());
        format!("{} to {last} of {}", first + 1, pairs.len())
    } else {
        String::new()
    };
    heading(title, "", &note, area, state.look, buffer);
    draw_pairs(shown, names, page, state.look, buffer);
}

/// The same with values that fit: what is too long goes on in pairs without a name.
fn wrapped(pairs: &[Pair], width: u16, look: Look) -> Vec<Pair> {
    let lines = pairs.iter().flat_map(|pair| {
        let room = usize::from(width).saturating_sub(pair.mark.sign().width());
        let lines = look.wrap(&pair.value, room).into_iter().enumerate();
        lines.map(|(number, value)| Pair {
            name: match number {
                0 => pair.name.clone(),
                _ => String::new(),
            },
            value,
            mark: pair.mark,
        })
    });
    lines.collect()
}

/// A question in the middle, and what may be answered; returns its end.
fn draw_question(
    state: &State,
    question: &str,
    answer: &str,
    area: Rect,
    buffer: &mut Buffer,
) -> (u16, u16) {
    let look = state.look;
    let widest = question.width().max(answer.width()) as u16 + 4;
    let width = widest.min(area.width);
    let room = usize::from(width.saturating_sub(4));
    let question = look.wrap(question, room);
    let answer = look.wrap(answer, room);
    let height = (question.len() + answer.len()) as u16 + 2;
    let height = height.min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(place, buffer);
    let frame = Block::bordered()
        .border_set(look.frame())
        .padding(Padding::horizontal(1));
    let inside = frame.inner(place);
    frame.render(place, buffer);
    let asked = question.iter().map(|line| (line, look.of(Mark::Plain)));
    let answered = answer.iter().map(|line| (line, Look::title()));
    let mut end = (inside.x, inside.y);
    for (row, (line, style)) in inside.rows().zip(asked.chain(answered)) {
        let used = put(buffer, row, line, style, look);
        end = (row.x + used.min(row.width.saturating_sub(1)), row.y);
    }
    end
}

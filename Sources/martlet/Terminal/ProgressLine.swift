import Foundation

/// One line that changes in place on a terminal and is gone at the end; elsewhere nothing is shown in between.
struct ProgressLine {
  private let isTerminal: Bool
  private let output: Output

  init(_ output: Output) {
    self.output = output
    isTerminal = isatty(STDERR_FILENO) == 1
  }

  func show(_ text: String) {
    guard isTerminal else { return }
    let plain = text.filter { !$0.isNewline }.prefix(Self.width - 1)
    StandardStream.error.write("\r\u{1B}[2K\(plain)")
  }

  /// A line that stays.
  func line(_ text: String) {
    clear()
    output.note(text)
  }

  func clear() {
    guard isTerminal else { return }
    StandardStream.error.write("\r\u{1B}[2K")
  }

  private static var width: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20 ? Int(size.ws_col) : 80
  }
}

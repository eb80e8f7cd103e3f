import Foundation

/// Waits until one of several descriptors can be read or written.
struct Poll {
  private var entries: [pollfd] = []

  /// Adds a descriptor when it is open; returns its index for `isReady`.
  mutating func add(_ descriptor: Descriptor?, writing: Bool = false) -> Int? {
    guard let descriptor, descriptor.isOpen else { return nil }
    entries.append(pollfd(fd: descriptor.number, events: Int16(writing ? POLLOUT : POLLIN), revents: 0))
    return entries.count - 1
  }

  mutating func wait(milliseconds: Int32) { _ = poll(&entries, nfds_t(entries.count), milliseconds) }

  /// Ready, at its end, or broken: reading or writing it will not block.
  func isReady(_ index: Int?) -> Bool { index.map { entries[$0].revents != 0 } ?? false }
}

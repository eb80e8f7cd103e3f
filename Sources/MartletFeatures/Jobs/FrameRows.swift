import MartletCore

extension Frame.Values {
  /// One value as JSON; missing is null, times are ISO 8601 text.
  func json(at row: Int) -> JSON {
    switch self {
    case .double(let values): values[row].isNaN ? .null : .double(values[row])
    case .integer(let values): values[row].map(JSON.integer) ?? .null
    case .boolean(let values): values[row].map(JSON.boolean) ?? .null
    case .text(let values): values[row].map(JSON.string) ?? .null
    case .time(let values): values[row].map { .string(Timestamp(milliseconds: $0).description) } ?? .null
    }
  }
}

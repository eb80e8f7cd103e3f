import MartletCore

/// `2013-07-01 14:30`, in UTC.
func shortTime(_ time: Timestamp) -> String {
  String(time.description.prefix(16)).replacing("T", with: " ")
}

/// A share as a percentage with at most one decimal: `12.5 %`, `20 %`.
func percent(_ share: Double) -> String {
  guard share.isFinite else { return "–" }
  let text = fixed(share * 100, decimals: 1)
  return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + " %"
}

/// A length of time in its two largest units: `2 h 5 min`, `340 ms`.
func readable(_ duration: Duration) -> String {
  let milliseconds = duration.wholeMilliseconds
  guard milliseconds >= 1000 else { return "\(milliseconds) ms" }
  let seconds = milliseconds / 1000
  if seconds < 10 { return "\(fixed(Double(milliseconds) / 1000, decimals: 1)) s" }
  if seconds < 60 { return "\(seconds) s" }
  if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
  if seconds < 86_400 { return "\(seconds / 3600) h \(seconds / 60 % 60) min" }
  return "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
}

/// A size in binary units: `1.5 MiB`.
func readableSize(_ bytes: Int64) -> String {
  let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
  var (value, unit) = (Double(bytes), 0)
  while value >= 1024, unit < units.count - 1 {
    value /= 1024
    unit += 1
  }
  return "\(unit == 0 ? grouped(bytes) : fixed(value, decimals: value < 10 ? 1 : 0)) \(units[unit])"
}

/// `1 window`, `12 windows`.
func counted(_ count: some BinaryInteger, _ noun: String, _ plural: String? = nil) -> String {
  "\(grouped(Int64(count))) \(count == 1 ? noun : plural ?? noun + "s")"
}

/// A metric's name for people: `roc_auc` is `ROC AUC`.
func metricName(_ key: String, unit: String? = nil) -> String {
  switch key {
  case "roc_auc": "ROC AUC"
  case "pr_auc": "PR AUC"
  case "brier": "Brier score"
  case "log_loss": "Log loss"
  case "ece": "Calibration error"
  case "accuracy": "Accuracy"
  case "psi": "PSI"
  case "precision": "Precision"
  case "recall": "Recall"
  case "value_per_1000": "\(unit ?? "Value") per 1,000 decisions"
  case "gain_per_1000": "\(unit ?? "Value") gained over no model, per 1,000"
  default: key
  }
}

/// A metric's value for people: amounts whole, shares to four places.
func metricValue(_ key: String, _ value: Double) -> String {
  ["value_per_1000", "gain_per_1000"].contains(key) && value.isFinite && abs(value) < 1e15
    ? grouped(Int64(value.rounded())) : readable(value)
}

/// The metrics that people compare first, in this order; others follow by name.
func metricOrder(_ keys: some Sequence<String>) -> [String] {
  let first = [
    "value_per_1000", "gain_per_1000", "roc_auc", "pr_auc", "brier", "log_loss", "ece", "precision", "recall",
    "accuracy",
  ]
  let known = Set(keys)
  return first.filter(known.contains) + known.subtracting(first).sorted()
}

/// JSON as words: `centre 1,020, lower 1,016`; lists are counted, objects inside objects left out.
func words(_ json: JSON) -> String? {
  switch json {
  case .null: nil
  case .integer(let value): grouped(value)
  case .double(let value): readable(value)
  case .boolean(let value): value ? "yes" : "no"
  case .string(let text): text.count > 60 ? String(text.prefix(59)) + "…" : text
  case .array(let items):
    items.count <= 4 && items.allSatisfy { $0.object == nil && $0.array == nil }
      ? items.compactMap(words).joined(separator: ", ") : counted(items.count, "item")
  case .object(let members):
    members.sorted { $0.key < $1.key }.filter { $0.value.object == nil }.prefix(6).compactMap { name, value in
      words(value).map { "\(name.replacing("_", with: " ")) \($0)" }
    }.joined(separator: ", ")
  }
}

/// Text cut at a length that a list can bear; the page behind it has the whole.
func shortened(_ text: String, limit: Int) -> String {
  text.count > limit ? String(text.prefix(limit - 1)) + "…" : text
}

/// JSON as one short line of text.
func shortText(_ json: JSON?, limit: Int = 160) -> String? {
  guard let json, !json.isNull else { return nil }
  return shortened(json.string ?? json.text, limit: limit)
}

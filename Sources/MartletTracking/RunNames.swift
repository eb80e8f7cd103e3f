/// Names for runs that their authors did not name: `patient-heron-417`.
enum RunNames {
  static func random() -> String {
    "\(qualities.randomElement() ?? "quiet")-\(birds.randomElement() ?? "martlet")-\(Int.random(in: 100...999))"
  }

  private static let qualities = [
    "able", "agile", "amber", "bold", "brave", "bright", "calm", "candid", "clever", "crisp", "daring", "dapper",
    "deft", "eager", "fair", "fleet", "gentle", "golden", "handy", "hardy", "honest", "keen", "kind", "lively",
    "loyal", "lucid", "merry", "mighty", "nimble", "noble", "patient", "placid", "polite", "proud", "quick", "quiet",
    "rapid", "ready", "sage", "serene", "silver", "sleek", "smart", "sober", "steady", "swift", "tidy", "upbeat",
    "vivid", "wise",
  ]

  private static let birds = [
    "auk", "avocet", "bittern", "bunting", "chough", "coot", "crane", "curlew", "dipper", "dove", "dunlin", "eider",
    "falcon", "finch", "gannet", "godwit", "grebe", "harrier", "hawk", "heron", "hobby", "hoopoe", "ibis", "jay",
    "kestrel", "kite", "lapwing", "lark", "linnet", "loon", "magpie", "martin", "martlet", "merlin", "osprey", "owl",
    "petrel", "pipit", "plover", "quail", "raven", "robin", "shrike", "siskin", "snipe", "stork", "swallow", "swan",
    "swift", "tern", "thrush", "wagtail", "warbler", "wren",
  ]
}

extension Migration {
  /// What belongs to a project says so in its tag alone, so that searches find it by an index; and a permission knows
  /// whether somebody was given it, or has it for having made the thing.
  ///
  /// Before, an experiment of a project's name was the project's, and a model that of its newest version's lineage.
  static let ownership = Migration(
    "ownership",
    [
      "ALTER TABLE access_role_permissions ADD COLUMN by_making BIGINT NOT NULL DEFAULT 0",
      """
      UPDATE access_role_permissions SET by_making = 1
      WHERE permission = 'MANAGE' AND EXISTS (
        SELECT 1 FROM access_roles r JOIN access_users u ON u.id = r.owner
        WHERE r.id = access_role_permissions.role AND (
          resource_type = 'experiment' AND EXISTS (
            SELECT 1 FROM ledger_entries l WHERE l.object = 'experiment:' || access_role_permissions.resource_pattern
              AND l.action = 'experiment.created' AND l.actor = u.name)
          OR resource_type = 'registered_model' AND EXISTS (
            SELECT 1 FROM registered_models m WHERE m.name = access_role_permissions.resource_pattern
              AND m.created_by = u.name)))
      """,
      """
      INSERT INTO experiment_tags (experiment_id, key, value)
      SELECT e.experiment_id, 'martlet.project', e.name FROM experiments e JOIN projects p ON p.name = e.name
      WHERE NOT EXISTS (
        SELECT 1 FROM experiment_tags t WHERE t.experiment_id = e.experiment_id AND t.key = 'martlet.project')
      """,
      """
      INSERT INTO registered_model_tags (name, key, value)
      SELECT v.name, 'martlet.project', v.lineage{json} ->> 'project' FROM model_versions v
      WHERE v.version = (SELECT MAX(w.version) FROM model_versions w WHERE w.name = v.name)
        AND v.lineage{json} ->> 'project' IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM registered_model_tags t WHERE t.name = v.name AND t.key = 'martlet.project')
      """,
      // PostgreSQL takes no long values into an index.
      """
      CREATE INDEX experiment_tags_by_project ON experiment_tags (substr(value, 1, 64), experiment_id)
      WHERE key = 'martlet.project'
      """,
      """
      CREATE INDEX registered_model_tags_by_project ON registered_model_tags (substr(value, 1, 64), name)
      WHERE key = 'martlet.project'
      """,
    ])
}

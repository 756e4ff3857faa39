package org.peaks.embedded.model;

import org.elasticsearch.license.LicenseUtils;
import org.elasticsearch.xpack.core.XPackField;
import org.elasticsearch.xpack.core.XPackPlugin;
import org.elasticsearch.xpack.core.ml.MachineLearningField;

/** Machine learning needs a Platinum, Enterprise or trial licence, here as there. */
final class Licence {

  private Licence() {}

  /**
   * @throws org.elasticsearch.ElasticsearchSecurityException 403 under a basic licence
   */
  static void check() {
    if (MachineLearningField.ML_API_FEATURE.check(XPackPlugin.getSharedLicenseState()) == false) {
      throw LicenseUtils.newComplianceException(XPackField.MACHINE_LEARNING);
    }
  }
}

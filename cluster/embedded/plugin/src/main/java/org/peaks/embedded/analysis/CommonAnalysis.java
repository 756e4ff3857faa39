package org.peaks.embedded.analysis;

import java.io.Reader;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.cjk.CJKWidthFilter;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.apache.lucene.analysis.pattern.PatternReplaceCharFilter;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.analysis.AbstractCharFilterFactory;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;

/**
 * The parts of the module analysis-common that the index of users and API keys is made with, and
 * those of the project's own analyzers.
 */
public final class CommonAnalysis {

  private CommonAnalysis() {}

  public static Map<String, AnalysisProvider<CharFilterFactory>> charFilters() {
    return Map.of(
        "pattern_replace",
        AnalysisPlugin.requiresAnalysisSettings(
            (index, environment, name, settings) -> patternReplace(name, settings)));
  }

  public static Map<String, AnalysisProvider<TokenFilterFactory>> tokenFilters() {
    return Map.of(
        "unique",
        (index, environment, name, settings) -> filter(name, UniqueTokens::new),
        "pattern_capture",
        AnalysisPlugin.requiresAnalysisSettings(
            (index, environment, name, settings) -> patternCapture(name, settings)),
        "asciifolding",
        (index, environment, name, settings) -> filter(name, ASCIIFoldingFilter::new),
        "cjk_width",
        (index, environment, name, settings) -> filter(name, CJKWidthFilter::new));
  }

  public static Map<String, AnalysisProvider<TokenizerFactory>> tokenizers() {
    return Map.of(
        "uax_url_email",
        (index, environment, name, settings) ->
            TokenizerFactory.newFactory(name, UAX29URLEmailTokenizer::new));
  }

  private static CharFilterFactory patternReplace(String name, Settings settings) {
    Pattern pattern = Pattern.compile(settings.get("pattern"));
    String replacement = settings.get("replacement", "");
    return new AbstractCharFilterFactory(name) {
      @Override
      public Reader create(Reader input) {
        return new PatternReplaceCharFilter(pattern, replacement, input);
      }
    };
  }

  private static TokenFilterFactory patternCapture(String name, Settings settings) {
    Pattern[] patterns =
        settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
    if (patterns.length == 0) {
      throw new IllegalArgumentException(
          "required setting 'patterns' is missing for token filter [" + name + "]");
    }
    boolean original = settings.getAsBoolean("preserve_original", true);
    return filter(name, input -> new PatternCaptureGroupTokenFilter(input, original, patterns));
  }

  private static TokenFilterFactory filter(String name, UnaryOperator<TokenStream> filter) {
    return new TokenFilterFactory() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public TokenStream create(TokenStream input) {
        return filter.apply(input);
      }
    };
  }
}

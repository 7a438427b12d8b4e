// Package stat holds the statistics of Kolo's scores: Net Promoter Score, proportions, rating scales, their intervals
// and comparisons, sample sizes and the correction for many comparisons. The packages below it hold the rest: weight
// (who answered), contact (whom one may ask), health (the customer health score), driver (what moves a score), watch (early
// warning), effect (did the fix work), survival (how long things take) and loop (does the loop close); regress and dist
// serve them.
//
// Everything is a pure function: no clock, no input or output, and randomness only from a seed in the arguments. What
// cannot be computed is an error that wraps ErrUndefined, never NaN (a test calls every function with what bad data make).
// NPS values are in points from -100 to 100, shares and rates are fractions, p-values are two-sided unless a name says
// otherwise.
//
// # Where a method is
//
// The numbers are the sections of the methods that Kolo's figures follow; testdata/README.md says which file of reference
// vectors belongs to which. What is marked with a star is the default.
//
//	1.1 NPS and its interval           NPSCounts, NPSInterval*, NPSShown (for a screen), NPSWald, NPSTMean, NPSBonettPrice,
//	                                   NPSTango, NPSBootstrap, NPSCounts.Shares (Goodman)
//	    several answers of one group   NPSClusters, Clusters, Clusters.Worth, NPSWorth, NPSDifferenceWorth, NewcombeWorth,
//	                                   MeanDifferenceWorth, Difference.Inflate
//	1.2 difference of two NPS          NPSDifference*, NPSDifferenceRocks, NPSDifferenceWald, NPSDifferenceWelch, NPSPaired,
//	                                   Paired, NPSDistributionChange, NPSRankTest, Difference.Distinguishable
//	1.3 sample size                    NPSSampleSize, NPSSampleSizeToDetect, NPSDetectable, Detectable, ShareSampleSize,
//	                                   Needed
//	1.4 scanning many segments         ScanSegments, BenjaminiHochberg*, BenjaminiYekutieli, Holm, Bonferroni, PauleMandel
//	1.5 non-response and weighting     weight.Rake, RakeTrimmed, PostStratify, Trim, Thin, Mean, MeanOf; Respond, Sensitivity,
//	                                   Bounds, GapToZero; WeightedNPS
//	1.6 shares                         Wilson*, Proportion, WilsonEffective, AgrestiCoull, ClopperPearson, Jeffreys;
//	                                   Newcombe*, PooledZ, Fisher
//	1.6 rating scales                  Distribution, MeanInterval, MeanDifference
//	1.7 whom one may ask               contact.Policy, contact.DesignWeight, weight.Tire
//	1.8 customer health                health.Compose, Decay, Shrink, MinMax, Logistic, Percentile; FitChurn, Validate, AUC,
//	                                   CompareAUC, RateRatio, PSI
//	2.2 importance                     driver.Analyse* (LMG), JackknifeSE, Products.Importance (for millions of answers)
//	2.3 effect                         driver.Linear*, ThemeImpacts, ThemeImpactsOfCells, Chances, Products.Effects (by customer: CR3)
//	2.3 ordered outcomes               driver.ProportionalOdds, Ordinal.Step, Proportionality
//	2.4 penalty and reward             driver.PenaltyReward, Fit.Asymmetry
//	2.5 collinear drivers              driver.RidgeFit, RidgeBest, Products.Twins; VIF and condition of Importance
//	2.6 what to do first               driver.Prioritise
//	2.8 errors of a classifier         driver.Correct
//	3.2 early warning                  watch.Detector*, FitBaseline, LogRatio, Scores.Before, ScoreZ, ShareRatio, Episodes
//	3.3 budget of false alarms         watch.FalseAlarmRate
//	3.4 charts and their run lengths   watch.CUSUM, EWMA, EWMALimits; CUSUMRunLength, CUSUMLimit, EWMARunLength, EWMALimit,
//	                                   PoissonCUSUMRunLength, PoissonReference, Siegmund
//	3.5 for comparison and looking back  watch.EARSOf, ESD, RunLengths
//	4.1 protocol                       effect.Windows, Judge
//	4.2 before and after               effect.Compare
//	4.3 with controls                  effect.AgainstControls*, DifferenceInDifferences, RatioOfRatios
//	4.4 interrupted series             effect.Segment* (GLS-REML), SegmentCounts* (complaint rates), SegmentLogRates, REML,
//	                                   PraisWinsten, FitNegativeBinomial
//	4.5 counterfactuals                effect.Forecast, SyntheticControl
//	4.6 money                          effect.Save, Simulate*, LifetimeValue, AttributableChurn, RevenueAtRisk
//	5   how long things take           survival.KaplanMeier*, LogRank, CumulativeIncidence, Calendar.MeasureAll, Handovers
//	6   closing the loop               loop.Reach, Recover, Follow
//
// Package simulation holds them to what they promise on made-up data of which the truth is known.
package stat

import (
	"errors"
	"fmt"

	"kolo/internal/foundation/fault"
	"kolo/internal/understand/stat/dist"
)

// ErrUndefined is wrapped by the error of every quantity that these data do not define: the NPS of no answers, the
// variance of one.
var ErrUndefined = errors.New("undefined for these data")

// DefaultLevel is the confidence level that Kolo uses unless a workspace sets another.
const DefaultLevel = 0.95

// Counts below which a screen shows counts only, or marks the score as indicative.
const (
	MinimumToShow = 10
	MinimumSolid  = 30
)

// Undefined makes an error that wraps ErrUndefined.
func Undefined(op, format string, args ...any) error {
	return &fault.Error{Kind: fault.Invalid, Op: "stat." + op, Msg: fmt.Sprintf(format, args...), Err: ErrUndefined}
}

// Invalid makes an error for an argument out of range.
func Invalid(op, format string, args ...any) error {
	return fault.New(fault.Invalid, "stat."+op, format, args...)
}

// Interval is a two-sided confidence interval, in the unit of what it is about.
type Interval struct {
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Level  float64 `json:"level"`
	Method string  `json:"method"`
}

// Contains tells whether x lies in the interval, its ends included.
func (i Interval) Contains(x float64) bool { return i.Low <= x && x <= i.High }

// Width is High - Low.
func (i Interval) Width() float64 { return i.High - i.Low }

// Within keeps an interval within the range that its quantity can have.
func (i Interval) Within(low, high float64) Interval { return i.clamp(low, high) }

// clamp keeps an interval within the range that its quantity can have.
func (i Interval) clamp(low, high float64) Interval {
	i.Low, i.High = min(max(i.Low, low), high), min(max(i.High, low), high)
	return i
}

// CheckLevel refuses a confidence level that is not strictly between 0 and 1.
func CheckLevel(op string, level float64) error {
	if !(level > 0 && level < 1) {
		return Invalid(op, "the confidence level must lie between 0 and 1, it is %v", level)
	}
	return nil
}

// Critical is z such that P(|Z| <= z) = level.
func Critical(level float64) float64 { return -dist.NormQuantile((1 - level) / 2) }

// CriticalT is t such that P(|T| <= t) = level, for at least one degree of freedom.
func CriticalT(level, df float64) float64 { return -dist.TQuantile((1-level)/2, df) }

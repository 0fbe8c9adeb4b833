// error: policy_mismatch<.*at_transform<2>, .*transform_named<.*zoom<1.*> ?>, .*a_zoom_is_a_part_of_less_than_1_or_two_factors_above_0_in_order
#include <lamina/augment/policy.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using policy = augmentation<rotate<10>, zoom<1>>;
#else
using policy = augmentation<rotate<10>, zoom<0.1>>;
#endif

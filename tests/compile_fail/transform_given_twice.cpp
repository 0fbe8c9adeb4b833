// error: policy_mismatch<.*at_transform<3>, .*transform_named<.*shift<.*> ?>, .*a_transform_is_given_once
#include <lamina/augment/policy.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using policy = augmentation<shift<0.1>, flip_horizontal, shift<0.2>>;
#else
using policy = augmentation<shift<0.1>, flip_horizontal>;
#endif

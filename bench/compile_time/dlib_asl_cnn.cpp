// SPDX-License-Identifier: BSL-1.0
// What lamina_asl_cnn.cpp does, with dlib: the yardstick of its compile time.
#include <dlib/data_io.h>
#include <dlib/dnn.h>

#include <iostream>

using namespace dlib;

template <long Filters, typename Below>
using same_conv = relu<add_layer<con_<Filters, 3, 3, 1, 1, 1, 1>, Below>>;
template <int Padding, typename Below>
using pool = add_layer<max_pool_<2, 2, 2, 2, Padding, Padding>, Below>;

using first = pool<0, bn_con<same_conv<75, input<matrix<unsigned char>>>>>;
using second = pool<0, bn_con<dropout<same_conv<50, first>>>>;
using third = pool<1, bn_con<same_conv<25, second>>>;
using asl_cnn = loss_multiclass_log<fc<24, dropout<relu<fc<512, third>>>>>;

int main(int, char** arguments) {
  std::vector<matrix<unsigned char>> images, test_images;
  std::vector<unsigned long> labels, test_labels;
  load_mnist_dataset(arguments[1], images, labels, test_images, test_labels);
  asl_cnn net(dropout_(0.3F), dropout_(0.2F));
  dnn_trainer<asl_cnn, adam> trainer(net, adam(0.0F, 0.9F, 0.999F));
  trainer.set_learning_rate(1e-3);
  trainer.set_mini_batch_size(32);
  trainer.set_max_num_epochs(20);
  trainer.be_verbose();
  trainer.train(images, labels);
  net.clean();
  const std::vector<unsigned long> answers = net(test_images);
  long right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) right += answers[i] == test_labels[i];
  std::cout << right << " of " << answers.size() << '\n';
  serialize("asl_cnn.dat") << net;
}
